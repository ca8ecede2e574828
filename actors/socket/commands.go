package socket

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"syscall"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// SetOptions is a live command: it sets every field of Options that is not zero, and keeps it for
// a reopen. Many of ZeroMQ's options only take effect for later binds and connects.
type SetOptions struct{ Options Options }

// What a socket is asked.
type (
	askEndpoints struct{}
	askLedger    struct{}
	askPeers     struct{ n int }
)

// inquiry is a question or a live command that waits for the actor.
type inquiry struct {
	message any
	from    *actor.PID
	gone    bool // its sender gave up
}

// maxRequests bounds what may wait to be asked.
const maxRequests = 1024

// asks reports whether a message is for the actor rather than for the outbox.
func isQuestion(m any) bool {
	switch m.(type) {
	case *messages.Bind, *messages.Unbind, *messages.Connect, *messages.Disconnect,
		*messages.Subscribe, *messages.Unsubscribe, *SetOptions, *Attach, *Detach, *Cut, *Fail, *Pause, *Resume, askEndpoints, askLedger, askPeers:
		return true
	}
	return false
}

// ask queues a question. It runs on the sender's goroutine. The ledger is answered there and then:
// it can be had of an actor that is suspended, too.
func (b *box) ask(m any, from *actor.PID) {
	if _, ok := m.(askLedger); ok && b.keepsBooks() {
		if from != nil {
			b.system.Root.Send(from, b.ledger())
		}
		return
	}
	if v := reflect.ValueOf(m); v.Kind() == reflect.Pointer && v.IsNil() {
		b.giveBackCommand(from, messages.Reason_MALFORMED, fmt.Sprintf("a nil %T", m))
		return
	}
	if b.halt(m, from) {
		return
	}
	b.mu.Lock()
	sealed, full := b.sealed, len(b.requests) >= maxRequests
	post := func() {}
	if sealed == nil && !full {
		b.requests = append(b.requests, inquiry{message: m, from: from})
		post = b.nudge()
	}
	b.mu.Unlock()
	post()
	switch {
	case from == nil:
	case sealed != nil:
		b.system.Root.Send(from, b.farewell(sealed))
	case full:
		b.giveBackCommand(from, messages.Reason_FULL, "too many commands are waiting")
	}
}

func (b *box) giveBackCommand(from *actor.PID, reason messages.Reason, detail string) {
	if from != nil {
		b.system.Root.Send(from, &messages.Refused{Reason: reason, Detail: detail})
	}
}

// serveRequests answers what was asked, in order.
func (s *socket) serveRequests(c actor.Context) {
	for {
		r, ok := s.nextRequest()
		if !ok {
			return
		}
		switch m := r.message.(type) {
		case askEndpoints:
			s.answer(c, r.from, s.desired.endpoints())
		case askPeers:
			s.waitPeers(m.n, r.from)
		case *Fail:
			s.answer(c, r.from, &messages.Done{})
			if s.failOnPurpose(c, m); m.Kept {
				return
			}
		case *Attach:
			s.confirm(c, r.from, "attach", m.PID, s.attach(c, m))
		case *Detach:
			var err error
			if !s.detach(c, m.PID) {
				err = &ConfigError{"Detach.PID", m.PID.GetId(), "not a receiver"}
			}
			s.confirm(c, r.from, "detach", m.PID, err)
		case *Cut:
			s.cutPeers(c, m, r.from)
		default:
			s.command(c, r)
		}
	}
}

// nextRequest takes the next question off the queue, once the socket is open.
func (s *socket) nextRequest() (r inquiry, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = slices.DeleteFunc(s.requests, func(r inquiry) bool { return r.gone })
	if !s.opened || len(s.requests) == 0 {
		return inquiry{}, false
	}
	r = s.requests[0]
	s.requests = slices.Delete(s.requests, 0, 1)
	return r, true
}

func (s *socket) answer(c actor.Context, to *actor.PID, m any) {
	if to != nil {
		c.Send(to, m)
	}
}

// confirm answers a command that is carried out here.
func (s *socket) confirm(c actor.Context, to *actor.PID, command string, about *actor.PID, err error) {
	if err != nil {
		s.answer(c, to, &messages.Refused{Command: command, Argument: about.GetId(), Reason: messages.Reason_MALFORMED, Detail: err.Error()})
		return
	}
	s.answer(c, to, &messages.Done{})
}

func (s *socket) waitPeers(n int, from *actor.PID) {
	s.settle(func() {
		s.peers.waiting = append(s.peers.waiting, peerWait{n, from})
		s.checkPeers()
	})
}

// command checks a live command and has the thread carry it out.
func (s *socket) command(c actor.Context, r inquiry) {
	do := &zmqthread.Do{For: r.from}
	var err error
	switch m := r.message.(type) {
	case *messages.Bind:
		do.Command = zmqthread.Bind
		do.Argument, err = s.bindable(do, m.Endpoint)
	case *messages.Unbind:
		do.Command, do.Argument = zmqthread.Unbind, s.desired.resolve(m.Endpoint)
	case *messages.Connect:
		do.Command, do.Argument = zmqthread.Connect, m.Endpoint
		err = checkEndpoint("endpoint", m.Endpoint, false, s.cfg.Type)
	case *messages.Disconnect:
		do.Command, do.Argument = zmqthread.Disconnect, m.Endpoint
	case *messages.Subscribe:
		do.Command, do.Argument = zmqthread.Subscribe, string(m.Topic)
		err = s.checkTopic(m.Topic)
	case *messages.Unsubscribe:
		do.Command, do.Argument = zmqthread.Unsubscribe, string(m.Topic)
		err = s.checkTopic(m.Topic)
	case *SetOptions:
		do.Command = zmqthread.SetOptions
		o := m.Options
		if err = o.check(s.cfg.Type); err == nil {
			err = o.live()
		}
		do.Set = func(z *zmq.Socket) error { return o.set(z) }
		s.desired.options[do] = o
	}
	if name, ok := strings.CutPrefix(do.Argument, clusterScheme); ok && err == nil {
		s.commandName(c, do, name)
		return
	}
	if err != nil {
		delete(s.desired.options, do)
		s.answer(c, r.from, refusal(do, messages.Reason_MALFORMED, err))
		return
	}
	if s.cfg.Type == XSub && (do.Command == zmqthread.Subscribe || do.Command == zmqthread.Unsubscribe) {
		s.subscribeByMessage(c, do)
		return
	}
	s.desired.pending = append(s.desired.pending, do)
	c.Request(s.thread.PID(), do)
}

func (s *socket) checkTopic(topic []byte) error {
	if s.cfg.Type != Sub && s.cfg.Type != XSub {
		return &ConfigError{"topic", s.cfg.Type.String(), known[s.cfg.Type] + " does not subscribe"}
	}
	if len(topic) > maxTopic {
		return &ConfigError{"topic", len(topic), tooLongTopic}
	}
	return nil
}

// subscribeByMessage is how an XSUB does it: a message like any other, behind what waits already.
func (s *socket) subscribeByMessage(c actor.Context, do *zmqthread.Do) {
	what := byte(1)
	if do.Command == zmqthread.Unsubscribe {
		what = 0
	}
	m := messages.Bytes(append([]byte{what}, do.Argument...))
	reason, detail, sealed := s.admit(&offer{items: []item{{m, m.Size()}}, bytes: m.Size()})
	if sealed != nil {
		reason, detail = messages.Reason_STOPPED, sealed.Error()
	}
	if reason != 0 {
		s.answer(c, do.For, refusal(do, reason, errors.New(detail)))
		return
	}
	s.desired.did(do, "")
	s.publish()
	s.answer(c, do.For, &messages.Done{})
}

// did answers a live command.
func (s *socket) did(c actor.Context, m *zmqthread.Did) {
	if m.Do.Command == zmqthread.Dial || m.Do.Command == zmqthread.HangUp {
		s.dialed(c, m)
		return
	}
	s.desired.pending = slices.DeleteFunc(s.desired.pending, func(do *zmqthread.Do) bool { return do == m.Do })
	if m.Err != nil {
		delete(s.desired.options, m.Do)
		delete(s.desired.named, m.Do)
		s.answer(c, m.Do.For, refusal(m.Do, messages.Reason_REFUSED, m.Err))
		return
	}
	s.desired.did(m.Do, m.Endpoint)
	s.publish()
	s.advertise()
	s.answer(c, m.Do.For, &messages.Done{Endpoint: m.Endpoint})
}

func refusal(do *zmqthread.Do, reason messages.Reason, err error) *messages.Refused {
	r := &messages.Refused{Command: string(do.Command), Argument: do.Argument, Reason: reason, Detail: err.Error()}
	var opError *zmqthread.OpError
	if errors.As(err, &opError) {
		r.Detail = opError.Err.Error()
	}
	var n syscall.Errno
	var z zmq.Errno
	switch {
	case errors.As(err, &n):
		r.Errno = uint32(n)
	case errors.As(err, &z):
		r.Errno = uint32(z)
	}
	return r
}

// Endpoints says where the socket pid is really bound, once it is open: wildcards resolved.
func Endpoints(ctx context.Context, sender actor.SenderContext, pid *actor.PID) ([]string, error) {
	a, err := messages.Call(ctx, sender, pid, askEndpoints{})
	if err != nil {
		return nil, err
	}
	return a.([]string), nil
}
