package actors

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// Splice opens a socket and connects it to your channels: what you write to send goes out, what
// arrives you read from recv. The buffering is that of the channels, plus the socket's Outbox and
// Window; when they are full, send blocks you, and a recv that you don't read blocks the far
// sender. Either may be nil, and is for a socket that does not send or receive.
//
// Closing send flushes what was written, bounded by the socket's linger, closes the socket, and
// then closes recv. recv is closed whenever the socket is gone for good, also after a failure that
// restarts could not mend; socket.Reason says why. What you have not read from recv within the
// linger after that is a dead letter, and so is whatever is still written to send: a writer is
// never left blocked.
//
// A Rep takes one request at a time, and what you write next is its answer. On a Router,
// messages.Reply addresses one.
//
// The socket is restarted after failures by a supervision.Backoff with its defaults, at most ten
// times in a minute. cfg.Deliver must be empty. A wrong cfg is a *socket.ConfigError, before
// anything is opened.
func Splice(system *actor.ActorSystem, thread *zmqthread.Thread, cfg socket.Config,
	send <-chan *messages.Message, recv chan<- *messages.Message) (*actor.PID, error) {
	return splice(system, cfg, send, recv, func(cfg socket.Config, guardian actor.PropsOption) *actor.Props {
		return socket.Props(thread, cfg, guardian)
	})
}

// SpliceAdopted does the same for a socket that you have made, configured and perhaps bound
// yourself; see socket.Adopt.
func SpliceAdopted(system *actor.ActorSystem, thread *zmqthread.Thread, s *zmq4.Socket, cfg socket.Config,
	send <-chan *messages.Message, recv chan<- *messages.Message) (*actor.PID, error) {
	if s == nil {
		return nil, &socket.ConfigError{Field: "Adopt", Reason: "a nil socket"}
	}
	typ, err := s.GetType()
	if err != nil {
		return nil, fmt.Errorf("splice: %w", err)
	}
	cfg.Type = typ
	return splice(system, cfg, send, recv, func(cfg socket.Config, guardian actor.PropsOption) *actor.Props {
		return socket.Adopt(thread, s, cfg, guardian)
	})
}

func splice(system *actor.ActorSystem, cfg socket.Config, send <-chan *messages.Message, recv chan<- *messages.Message,
	props func(socket.Config, actor.PropsOption) *actor.Props) (*actor.PID, error) {
	if err := check(cfg, send, recv); err != nil {
		return nil, fmt.Errorf("splice: %w", err)
	}
	cfg.Lockstep = cfg.Lockstep || cfg.Type == socket.Rep
	s := &spliced{system: system, gone: make(chan struct{}), lapsed: make(chan struct{}), linger: linger(cfg)}
	if recv != nil {
		s.outlet = system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &outlet{s, recv} },
			actor.WithGuardian(stopIt)))
		cfg.Deliver = socket.To(s.outlet)
	}
	s.socket = system.Root.Spawn(props(cfg, actor.WithGuardian(&supervision.Backoff{Retries: 10})))
	s.watch()
	go s.pump(send)
	return s.socket, nil
}

func check(cfg socket.Config, send <-chan *messages.Message, recv chan<- *messages.Message) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	sends, receives := socket.Directions(cfg.Type)
	switch {
	case !cfg.Deliver.None():
		return &socket.ConfigError{Field: "Deliver", Reason: "recv is who gets what arrives"}
	case send != nil && !sends:
		return &socket.ConfigError{Field: "Type", Value: cfg.Type.String(), Reason: "does not send: send must be nil"}
	case recv != nil && !receives:
		return &socket.ConfigError{Field: "Type", Value: cfg.Type.String(), Reason: "receives nothing: recv must be nil"}
	}
	return nil
}

func linger(cfg socket.Config) time.Duration {
	switch l := cfg.Options.Linger; l {
	case 0:
		return time.Second
	case socket.NoLinger:
		return 0
	default:
		return l
	}
}

// spliced is a socket between two channels.
type spliced struct {
	system *actor.ActorSystem
	socket *actor.PID
	outlet *actor.PID // nil without recv
	linger time.Duration
	once   sync.Once
	gone   chan struct{} // closed when the socket has stopped
	lapsed chan struct{} // closed when the linger after that is over
}

// watch makes the socket's end close gone. It is a process of its own: the outlet may be blocked in
// a channel when it happens.
func (s *spliced) watch() {
	registry := s.system.ProcessRegistry
	pid, _ := registry.Add((*watcher)(s), "splice"+registry.NextId())
	if p, ok := registry.Get(s.socket); ok {
		p.SendSystemMessage(s.socket, &actor.Watch{Watcher: pid})
	} else {
		(*watcher)(s).SendSystemMessage(pid, &actor.Terminated{Who: s.socket})
	}
}

type watcher spliced

func (w *watcher) SendUserMessage(*actor.PID, any) {}
func (w *watcher) Stop(*actor.PID)                 {}

func (w *watcher) SendSystemMessage(self *actor.PID, m any) {
	if _, ok := m.(*actor.Terminated); !ok {
		return
	}
	w.once.Do(func() {
		close(w.gone)
		time.AfterFunc(w.linger, func() { close(w.lapsed) })
		w.system.ProcessRegistry.Remove(self)
		if w.outlet != nil {
			w.system.Root.Poison(w.outlet) // behind everything that was delivered
		}
	})
}

// pump moves messages from send to the socket, each when the outbox has room. It ends when send is
// closed, or, without one, when the socket is gone.
func (s *spliced) pump(send <-chan *messages.Message) {
	if send == nil {
		return
	}
	for m := range send {
		if !s.hand(m) {
			s.system.DeadLetter.SendUserMessage(s.socket, m)
		}
	}
	select {
	case <-s.gone:
	default:
		s.system.Root.Poison(s.socket)
	}
}

// hand waits until the outbox has accepted m, or never will. A socket that stops answers those who
// wait, so this ends with it.
func (s *spliced) hand(m *messages.Message) (accepted bool) {
	select {
	case <-s.gone:
		return false
	default:
	}
	_, err := messages.Call(context.Background(), s.system.Root, s.socket, &messages.Offer{Message: m, Accept: true})
	return err == nil
}

// outlet is the actor that receives for the socket. It may block in the user's channel: it has a
// goroutine of its own, and the socket stops reading when its window is used up.
type outlet struct {
	*spliced
	recv chan<- *messages.Message
}

func (o *outlet) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *messages.Message:
		select {
		case o.recv <- m:
		case <-o.lapsed:
			o.system.DeadLetter.SendUserMessage(c.Self(), m)
		}
	case *actor.Stopping:
		closeOnce(o.recv)
	}
}

// closeOnce tolerates a user who has closed recv, which is not theirs to close: the outlet failed
// over it already, and with it the socket.
func closeOnce(recv chan<- *messages.Message) {
	defer func() { _ = recover() }()
	close(recv)
}

// stopIt supervises outlets: one that fails has lost its channel.
var stopIt = actor.NewOneForOneStrategy(0, 0, func(any) actor.Directive { return actor.StopDirective })
