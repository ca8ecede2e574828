package fake_test

import (
	"context"
	"errors"
	"fmt"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
	"github.com/sockeye-mq/sockeye/messages"
)

// trials are the calls, and the situations in which each can fail.
var trials map[string]map[string]func(s *trial, call string, parent bool)

func init() { // its users use it
	trials = map[string]map[string]func(s *trial, call string, parent bool){
		"socket":      {"at open": (*trial).atOpen},
		"watch":       {"at open": (*trial).atOpen},
		"options":     {"at open": (*trial).atOptions, "as a command": (*trial).asCommand},
		"subscribe":   {"at open": (*trial).atOpen, "as a command": (*trial).asCommand},
		"unsubscribe": {"as a command": (*trial).asCommand},
		"monitor":     {"at open": (*trial).atOpen},
		"bind":        {"at open": (*trial).atOpen, "as a command": (*trial).asCommand},
		"connect":     {"at open": (*trial).atOpen, "as a command": (*trial).asCommand},
		"unbind":      {"as a command": (*trial).asCommand},
		"disconnect":  {"as a command": (*trial).asCommand},
		"send":        {"in service": (*trial).inService},
		"receive":     {"in service": (*trial).inService},
		"events":      {"in service": (*trial).inService},
		"poll":        {"in service": (*trial).inService},
		"close":       {"at the end": (*trial).atEnd},
	}
}

func (s *trial) atOpen(call string, parent bool) {
	s.subscribes(call)
	s.stage(parent, func() { s.net.Fail(call, s.errno, burst) })
}

func (s *trial) atOptions(_ string, parent bool) {
	s.stage(parent, func() { s.toFail = burst })
}

func (s *trial) asCommand(call string, parent bool) {
	s.subscribes(call)
	s.stage(parent, func() {})
	s.net.FailOn(s.native(), call, s.errno, burst)
	do, undo := s.commands(call)
	began := time.Now()
	s.command = do()
	s.took = time.Since(began)
	s.net.FailOn(s.native(), call, 0, 0)
	if s.command == nil && undo != nil {
		if err := undo(); err != nil {
			s.Error(err)
		}
	}
}

func (s *trial) subscribes(call string) {
	if call == "subscribe" || call == "unsubscribe" {
		s.typ = socket.Sub
	}
}

// commands are a command that makes the call, and one that takes it back where that matters.
func (s *trial) commands(call string) (do, undo func() error) {
	command := func(m any) func() error {
		return func() error {
			c, cancel := ctx()
			defer cancel()
			_, err := messages.Call(c, s.system.Root, s.subject, m)
			return err
		}
	}
	switch call {
	case "options":
		return s.setOption, nil
	case "subscribe":
		return command(&messages.Subscribe{Topic: []byte("more")}), nil
	case "unsubscribe":
		return command(&messages.Unsubscribe{Topic: []byte("and more")}), nil
	case "bind":
		return command(&messages.Bind{Endpoint: s.at("other")}), nil
	case "connect":
		return command(&messages.Connect{Endpoint: s.at("nobody")}), nil
	case "unbind":
		return command(&messages.Unbind{Endpoint: s.at(subject)}), nil
	}
	return command(&messages.Disconnect{Endpoint: s.at("partner")}), command(&messages.Connect{Endpoint: s.at("partner")})
}

// setOption has the thread do what it does for SetOptions, with an option that cannot be set.
func (s *trial) setOption() error {
	answered := make(chan error, 1)
	asker := s.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *messages.Refused:
			answered <- m
		case *messages.Done:
			answered <- nil
		}
	}))
	s.system.Root.RequestWithCustomSender(s.thread.PID(), &zmqthread.Do{Command: zmqthread.SetOptions, For: asker,
		Set: func(*zmq.Socket) error { return &zmqthread.OpError{Op: "set something", Err: native.Error(s.errno)} }}, s.subject)
	return <-answered
}

// inService: both sides send.
func (s *trial) inService(call string, parent bool) {
	s.stage(parent, func() {})
	if call == "poll" {
		s.net.Fail(call, s.errno, burst)
	} else {
		s.net.FailOn(s.native(), call, s.errno, burst)
	}
	s.send(s.subject, "meets the fault")
	s.send(s.partner, "meets it, too")
}

func (s *trial) atEnd(call string, parent bool) {
	s.stage(parent, func() {})
	s.net.FailOn(s.native(), call, s.errno, burst)
	s.system.Root.Stop(s.subject)
}

func (s *trial) send(to *actor.PID, text string) {
	s.note(func() { s.sent = append(s.sent, text) })
	s.system.Root.RequestWithCustomSender(to, messages.Text(text), s.listener())
}

// lost is what was sent, before the fault was over or after, and has not arrived.
func (s *trial) lost() (lost []string) {
	s.send(s.partner, "to the subject")
	if s.typ == socket.Dealer {
		s.send(s.subject, "to the partner")
	}
	time.Sleep(time.Second)
	synctest.Wait()
	for _, text := range s.sent {
		if !s.got[text] {
			lost = append(lost, text)
		}
	}
	return lost
}

// outcome is what has happened, in the words of the legend.
func (s *trial) outcome() string {
	if s.stopped != nil {
		return s.ended()
	}
	lost := s.lost()
	s.mu.Lock()
	defer s.mu.Unlock()
	patience := ""
	if s.after == 10*time.Millisecond || s.took == 10*time.Millisecond {
		patience = "10 ms, then "
	}
	restarted := len(s.decided) > 0 && s.decided[len(s.decided)-1] == actor.RestartDirective
	switch {
	case len(lost) == 1 && lost[0] == "meets the fault" && len(s.rejected) == 1 && errors.Is(s.rejected[0], s.errno) && len(s.decided) == 0:
		return "goes back"
	case len(lost) > 0 || len(s.rejected) > 0:
		return fmt.Sprintf("lost %q, %v, %v", lost, s.rejected, s.decided)
	case restarted && s.kept:
		return "restarted"
	case restarted:
		return patience + "reopened"
	case len(s.decided) > 0:
		return fmt.Sprint(s.decided)
	case s.command != nil && errors.Is(s.command, messages.ErrRefused) && errors.Is(s.command, s.errno):
		return patience + "refused"
	case s.command != nil:
		return s.command.Error()
	case s.logged:
		return "logged"
	}
	return "tried again"
}

// ended is why the subject has stopped.
func (s *trial) ended() string {
	err := native.Error(s.errno)
	reason := socket.Reason(context.Background(), s.system.Root, s.subject)
	known := errors.Is(reason, err) && errors.Is(s.stopped.Reason, err)
	switch {
	case known && len(s.decided) == 1 && s.decided[0] == actor.StopDirective && s.after == 0:
		return "stops"
	case known && len(s.decided) == 1 && s.decided[0] == actor.EscalateDirective && s.after == 0:
		return "escalates"
	case reason == nil && len(s.decided) == 0 && s.logged:
		return "logged"
	}
	return fmt.Sprintf("ended with %v after %v, logged: %v", reason, s.decided, s.logged)
}

// class is that of the error, as far as it was one.
func (s *trial) class(outcome string) string {
	switch {
	case outcome == "goes back":
		return "of the message"
	case outcome == "tried again":
		return "not an error"
	case len(s.failed) > 0:
		return s.failed[0].Class.String()
	}
	return zmqthread.ClassOf(native.Error(s.errno)).String()
}
