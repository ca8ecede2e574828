package socket

import (
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// Props returns the props of a socket on thread t. Spawn them as often as you like: each actor
// opens a socket of its own.
//
// Options go to Proto.Actor unchanged, with three exceptions that would break the socket: its
// mailbox and its producer are its own, and it never runs on a zmqthread.Thread. Receiver
// middleware sees what Proto.Actor sends the actor, not the data, which does not pass through it.
//
// A root actor is supervised by actor.WithGuardian, a child by its parent's WithSupervisor. A guardian
// that would crash the process is refused, as a wrong Config is; one that escalates stops the socket
// (facts P5).
func Props(t *zmqthread.Thread, cfg Config, opts ...actor.PropsOption) *actor.Props {
	cfg.adoption = nil
	return props(t, cfg, opts)
}

func props(t *zmqthread.Thread, cfg Config, opts []actor.PropsOption) *actor.Props {
	p := actor.PropsFromProducer(nil)
	p.Configure(opts...)
	guardian := nameOfGuardian(p)
	wrong := protect(p)
	// One box for each spawn; every incarnation works on it.
	spawn := func(system *actor.ActorSystem, id string, props *actor.Props, parent actor.SpawnerContext) (*actor.PID, error) {
		b := newBox(system, t, cfg)
		b.guardian = guardian
		b.refuseConfig(wrong)
		return actor.DefaultSpawner(system, id, props.Clone(
			actor.WithSpawnFunc(nil),
			actor.WithProducer(func() actor.Actor { return &socket{box: b} }),
			actor.WithDispatcher(offThread),
			actor.WithMailbox(func() actor.Mailbox { return b })), parent)
	}
	return p.Configure(actor.WithSpawnFunc(spawn))
}

// offThread runs socket actors: on goroutines, never on a ZeroMQ thread.
var offThread = actor.NewDefaultDispatcher(300)

// adoption is a socket that somebody else made, until the first spawn takes it.
type adoption struct {
	socket *zmq.Socket
	taken  atomic.Bool
}

// Adopt returns the props of an actor for a socket that somebody else has made, configured and
// perhaps bound. The socket belongs to the thread from the first spawn on and must not be used
// again; it is closed with the actor. Type may be left out. Bind, Connect, Subscribe and Configure
// of cfg are carried out in addition; of cfg.Options only the fields that are set.
//
// Nobody here knows how to open it again, so it stops where another would be reopened, and it
// stays the native socket that it is: an adopted REP serves one request at a time, an adopted REQ
// is as strict as it was made; a request that nobody answers holds an adopted REP up for good. WaitPeers does not see the peers that it had before. If cfg is wrong
// the socket stays yours.
func Adopt(t *zmqthread.Thread, s *zmq.Socket, cfg Config, opts ...actor.PropsOption) *actor.Props {
	cfg.adoption = &adoption{socket: s}
	if s != nil && cfg.Type == 0 {
		if typ, err := s.GetType(); err == nil {
			cfg.Type = typ
		}
	}
	return props(t, cfg, opts)
}

// check finds out what is wrong with a socket that is to be adopted.
func (a *adoption) check(want zmq.Type) error {
	if a == nil {
		return nil
	}
	if a.socket == nil {
		return &ConfigError{"Adopt", nil, "a nil socket"}
	}
	if a.taken.Swap(true) {
		return &ConfigError{"Adopt", known[want], "adopted already: these props can be spawned once"}
	}
	got, err := a.socket.GetType()
	if err != nil {
		return &ConfigError{"Adopt", known[want], err.Error()}
	}
	if got != want {
		return &ConfigError{"Type", known[want], "the adopted socket is " + known[got]}
	}
	return nil
}

// opening is what the thread is asked for.
func (b *box) opening() (*zmqthread.Open, error) {
	d, cfg := &b.desired, b.cfg
	logical, native, options := cfg.Type, b.pattern.native(), d.option
	if len(namesOf(d.connect)) > 0 {
		options.Immediate = true
	}
	bind := d.addresses()
	for i, e := range bind {
		var err error
		if bind[i], err = b.toBind(e); err != nil {
			return nil, err
		}
	}
	o := &zmqthread.Open{
		Type:       native,
		Bind:       bind,
		Connect:    unnamed(d.connect),
		Subscribe:  d.subscribe,
		Monitor:    !cfg.NoMonitor,
		Linger:     b.closeLinger(),
		Relinquish: b.reopenLinger(),
		MaxMessage: b.maxReceived(),
		Gate:       cfg.Gate,
		Port:       b,
		Setup: func(z *zmq.Socket) error {
			var err error
			if cfg.adopted() {
				err = options.set(z)
			} else {
				err = options.apply(z, logical, native)
			}
			if err == nil && cfg.Configure != nil {
				err = configured(cfg.Configure(z))
			}
			return err
		},
	}
	if cfg.adopted() {
		o.Adopt = cfg.adoption.socket
	}
	if cfg.Type == XSub {
		o.Subscribe = nil
		for _, topic := range d.subscribe {
			o.Greeting = append(o.Greeting, "\x01"+topic)
		}
	}
	return o, nil
}

// configured says where the error comes from.
func configured(err error) error {
	if err == nil {
		return nil
	}
	return &zmqthread.OpError{Op: "configure", Err: err}
}
