package wire

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zap"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// reserved begins the ids of everything that a Wire is made of.
const reserved = "sockeye-wire"

// domain is the ZAP domain of the PULL.
const domain = "sockeye-wire"

// Wire connects one actor system to others. All methods may be called from any goroutine.
type Wire struct {
	system      *actor.ActorSystem
	root        *actor.RootContext // without the middleware that users have given to the system's
	cfg         Config             // immutable
	thread      *zmqthread.Thread
	address     string // immutable after Start
	endpoint    string // immutable after Start
	incarnation uint64 // immutable
	others      bool   // immutable after Start: there are resolvers behind this one

	zap, pull, inletPID *actor.PID

	mu     sync.RWMutex
	peers  map[string]*peer // guarded by mu: by address
	tokens map[token]*peer  // guarded by mu: by what they must show
	closed bool             // guarded by mu
	past   books            // guarded by mu: of peers that were forgotten

	waiting    waiting
	keys       sync.Map // server keys that are known, for Admit's default
	strangers  [lastDrop + 1]atomic.Uint64
	complaints complaints
	chores     sync.WaitGroup
	ready      chan struct{} // closed when Start has ended, or failed
	stop       chan struct{} // closed to end run
	ended      chan struct{} // closed when run has ended
	over       sync.Once
	err        error // of Shutdown
}

// Start connects system to others and returns when its endpoint is bound. A system that has no address gets
// one: start it before anything is spawned whose PID is told to others, for a PID keeps the address that it
// was made with. Beside Proto.Actor's Remote start it after that and before anything is sent: then what Lookup
// knows goes over the Wire, and the rest over Remote. The error is a *ConfigError, an *InsecureError, or that
// of a socket.
func Start(system *actor.ActorSystem, cfg Config) (*Wire, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	w := &Wire{system: system, root: actor.NewRootContext(system, nil), cfg: cfg.withDefaults(), incarnation: number(),
		peers: map[string]*peer{}, tokens: map[token]*peer{}, ready: make(chan struct{}), stop: make(chan struct{}), ended: make(chan struct{})}
	for _, p := range cfg.Peers {
		w.keys.Store(p.ServerKey, true)
	}
	if has := system.Address(); has != nowhere && cfg.Address != "" && cfg.Address != has {
		return nil, &ConfigError{"Address", "the system has another already: " + has}
	}
	var err error
	if w.thread, err = zmqthread.Start(system, zmqthread.Config{Name: reserved + "/thread"}); err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	if err := w.bind(); err != nil {
		w.closed = true
		close(w.ready)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		return nil, errors.Join(err, w.release(ctx))
	}
	w.register()
	close(w.ready)
	go w.run()
	return w, nil
}

// patience is how long a socket may take to open.
const patience = 10 * time.Second

// bind opens the PULL, behind its authenticator, and finds out the address.
func (w *Wire) bind() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	o := socket.Options{RecvHWM: 64, MaxMsgSize: w.cfg.MaxMessage + frameSlack, IPv6: w.ipv6(w.cfg.Bind),
		HandshakeInterval: max(time.Second, 4*w.cfg.Heartbeat)}
	if k := w.cfg.Keys; k != nil {
		o.CurveServer, o.CurveSecretKey, o.ZAPDomain = true, k.Secret, domain
		policy := zap.Policy{domain: zap.Rules{Decide: w.admit}}
		if w.zap, err = w.root.SpawnNamed(zap.Props(w.thread, zap.Config{Policy: policy}, actor.WithGuardian(stubborn())), reserved+"/zap"); err != nil {
			return fmt.Errorf("wire: %w", err)
		}
		if err := zap.Ready(ctx, w.root, w.zap); err != nil {
			return fmt.Errorf("wire: authenticator: %w", err)
		}
	}
	var fresh bool
	if w.inletPID, fresh = w.system.ProcessRegistry.Add(inlet{w}, reserved+"/inlet"); !fresh {
		return errors.New("wire: the system has one already")
	}
	w.pull, err = w.root.SpawnNamed(socket.Props(w.thread, socket.Config{Type: socket.Pull, Bind: []string{w.cfg.Bind},
		Deliver: socket.To(w.inletPID), Batch: 64, Options: w.alive(o)}, actor.WithGuardian(stubborn())), reserved+"/pull")
	if err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	at, err := socket.Endpoints(ctx, w.root, w.pull)
	if err != nil {
		return fmt.Errorf("wire: bind %s: %w", w.cfg.Bind, err)
	}
	w.endpoint, w.address = at[0], w.cfg.Address
	if has := w.system.Address(); has != nowhere {
		w.address = has
	}
	if w.address == "" {
		w.address, err = addressOf(w.endpoint)
	}
	return err
}

// alive has libzmq end connections on which nothing comes.
func (w *Wire) alive(o socket.Options) socket.Options {
	o.HeartbeatInterval = w.cfg.Heartbeat
	o.HeartbeatTimeout = 2 * w.cfg.Heartbeat
	if o.HandshakeInterval == 0 {
		o.HandshakeInterval = max(time.Second, 4*w.cfg.Heartbeat)
	}
	return o
}

func (w *Wire) ipv6(endpoint string) bool { return strings.HasPrefix(endpoint, "tcp://[") }

// register makes the system send over the Wire. Proto.Actor asks one resolver after the other, and Remote's
// says yes to everything: this one goes first.
func (w *Wire) register() {
	r := w.system.ProcessRegistry
	r.Address = w.address
	w.others = len(r.RemoteHandlers) > 0
	if !w.others {
		r.RegisterAddressResolver(w.resolve)
		return
	}
	r.RemoteHandlers = append([]actor.AddressResolver{w.resolve}, r.RemoteHandlers...)
}

// resolve implements actor.AddressResolver.
func (w *Wire) resolve(pid *actor.PID) (actor.Process, bool) {
	p, err := w.peerOf(pid.Address)
	switch {
	case err == nil:
		return p, true
	case w.others:
		return nil, false
	}
	return nobody{w}, true
}

// nobody stands for systems that nobody knows.
type nobody struct{ *Wire }

// SendUserMessage implements actor.Process. A PID keeps its Process: the system may be known by now.
func (w nobody) SendUserMessage(pid *actor.PID, message any) {
	p, err := w.peerOf(pid.Address)
	if err == nil {
		p.SendUserMessage(pid, message)
		return
	}
	err.Target = pid
	header, m, sender := actor.UnwrapEnvelope(message)
	w.undelivered(pid, header, m, sender, err)
}

// SendSystemMessage implements actor.Process.
func (w nobody) SendSystemMessage(pid *actor.PID, message any) {
	if p, err := w.peerOf(pid.Address); err == nil {
		p.SendSystemMessage(pid, message)
	} else if m, ok := message.(*actor.Watch); ok {
		w.terminate(pid.Address, bond{m.Watcher.GetId(), pid.Id})
	}
}

// Stop implements actor.Process.
func (w nobody) Stop(pid *actor.PID) { w.SendSystemMessage(pid, &actor.Stop{}) }

// Address is the system's address: that of its PIDs.
func (w *Wire) Address() string { return w.address }

// Endpoint is where peers connect: what their Lookup has to return.
func (w *Wire) Endpoint() string { return w.endpoint }

var errNoKey = errors.New("no CURVE key of it is known")

// lookup asks Lookup.
func (w *Wire) lookup(address string) (at Peer, err error) {
	known, static := w.cfg.Peers[address]
	switch {
	case address == "" || len(address) > maxName || address == w.address:
		return at, errors.New("not an address of another system")
	case static:
		return known, nil
	case w.cfg.Lookup == nil && w.cfg.Keys != nil:
		return at, errNoKey
	case w.cfg.Lookup == nil:
		if _, err := netip.ParseAddrPort(address); err != nil {
			return at, errors.New("not host:port")
		}
		at.Endpoint = "tcp://" + address
	default:
		known := false
		w.careful("Config.Lookup", func() { at, known = w.cfg.Lookup(address) })
		if !known {
			return at, errors.New("nobody knows it, says Config.Lookup")
		}
	}
	if err := w.cfg.check(at); err != nil {
		return at, err
	}
	if at.ServerKey != "" {
		w.keys.Store(at.ServerKey, true)
	}
	return at, nil
}

// admit decides who may connect.
func (w *Wire) admit(q zap.Request) zap.Decision {
	ok := false
	if w.cfg.Admit != nil {
		ok = w.cfg.Admit(q.Key)
	} else {
		_, ok = w.keys.Load(q.Key)
	}
	if !ok {
		return zap.Refuse("not a member")
	}
	return zap.Accept(q.Key)
}
