// Package fake plays libzmq for tests: sockets, pipes and a poller without a network, with seeded
// bad luck, under the clock of the test. Its own tests drive whole socket actors with it.
//
// It keeps to what the thread has to live with (facts Z3, Z15): a socket learns of messages, of
// room and of peers only when it processes its commands, which a call may or may not do, and its
// descriptor is readable only while there are commands that were not processed.
//
// PUSH, PULL, PAIR, DEALER, ROUTER, REQ and SUB are there, joined over endpoints of any name; a SUB
// takes from whoever sends. A pipe is as long as the high-water marks of its two ends. A bind to an
// address in use fails, a connect may come before its bind, and a connection comes back with its
// binder. Options are those of a real socket, which is never bound or connected.
package fake

import (
	"math/rand/v2"
	"sync"
	"syscall"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
)

// Luck is how often things go as they seldom do, each one time in so many; 0: never.
type Luck struct {
	Partial   int // a call does less than it could
	Again     int // a call says EAGAIN although it could do something
	Lazy      int // a call does not process commands where libzmq need not
	Spurious  int // the poller returns for no reason
	InUse     int // an address is still in use
	Large     int // a message is handed over without being copied, as if it were large
	Interrupt int // a call is interrupted by a signal: EINTR
	Reorder   int // an event of a monitor is overtaken by the next
	Linger    int // a closed socket takes half its linger to be gone
	Dies      int // the peer dies while a message is being sent to it, and comes back
	Slow      int // a call that sends or receives lets everybody else run first
}

// Net is one world of sockets. It is a native.Layer for any number of threads.
type Net struct {
	mu        sync.Mutex
	closed    *sync.Cond           // of mu: a socket was closed
	luck      Luck                 // guarded by mu
	rng       *rand.Rand           // guarded by mu
	binders   map[string]*socket   // guarded by mu: by endpoint
	searching map[string][]*socket // guarded by mu: those that connect to an endpoint
	open      map[*socket]bool     // guarded by mu
	ids       uint32               // guarded by mu: of ROUTERs' peers
	lost      []Message            // guarded by mu
	uncopied  int                  // guarded by mu
	fds       uint32               // guarded by mu: of connections, for monitors
	faults    faults               // guarded by mu
}

// Message is its frames.
type Message [][]byte

// New makes a world whose luck is drawn from seed.
func New(seed uint64, luck Luck) *Net {
	n := &Net{
		luck: luck, rng: rand.New(rand.NewPCG(seed, 1)),
		binders: map[string]*socket{}, searching: map[string][]*socket{}, open: map[*socket]bool{},
		faults: faults{},
	}
	n.closed = sync.NewCond(&n.mu)
	return n
}

// unlucky throws a die with so many sides. Caller holds mu.
func (n *Net) unlucky(sides int) bool { return sides > 0 && n.rng.IntN(sides) == 0 }

// NewContext implements native.Layer.
func (n *Net) NewContext(int, int) (native.Context, error) { return &world{net: n}, nil }

// NewPoller implements native.Layer.
func (n *Net) NewPoller() (native.Poller, error) {
	return &poller{net: n, bell: make(chan struct{}, 1), tokens: map[*socket]any{}}, nil
}

// Adopt implements native.Layer.
func (n *Net) Adopt(raw *zmq.Socket) (native.Socket, error) {
	t, err := raw.GetType()
	if err != nil {
		return nil, native.Wrap(err)
	}
	return n.add(t, raw, nil), nil
}

// world is a context.
type world struct {
	net  *Net
	mine int // guarded by net.mu: sockets open
}

// paper is where the sockets live that keep options.
var paper = sync.OnceValues(func() (*zmq.Context, error) {
	c, err := zmq.NewContext()
	if err == nil {
		err = c.SetMaxSockets(65535)
	}
	return c, err
})

// NewSocket implements native.Context.
func (w *world) NewSocket(t zmq.Type) (native.Socket, error) {
	w.net.mu.Lock()
	errno := w.net.faults.repeated("socket")
	w.net.mu.Unlock()
	if errno != 0 {
		return nil, native.Error(errno)
	}
	c, err := paper()
	if err != nil {
		return nil, err
	}
	raw, err := c.NewSocket(t)
	if err != nil {
		return nil, native.Wrap(err)
	}
	return w.net.add(t, raw, w), nil
}

func (n *Net) add(t zmq.Type, raw *zmq.Socket, w *world) *socket {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := &socket{net: n, typ: t, raw: raw, world: w}
	n.open[s] = true
	if w != nil {
		w.mine++
	}
	return s
}

// Term implements native.Context. Like libzmq's it waits until every socket is closed, for ever if one
// was forgotten (facts Z8): in a bubble that is a deadlock, and found.
func (w *world) Term() error {
	w.net.mu.Lock()
	defer w.net.mu.Unlock()
	for w.mine > 0 {
		w.net.closed.Wait()
	}
	return nil
}

// Bind implements native.Socket.
func (s *socket) Bind(endpoint string) error {
	n := s.net
	n.mu.Lock()
	defer n.mu.Unlock()
	s.settleFor(endpoint)
	if err := s.fault("bind"); err != nil {
		s.report(zmq.EVENT_BIND_FAILED, uint32(native.Errno(err)), endpoint)
		return err
	}
	if n.binders[endpoint] != nil || !s.tame && n.unlucky(n.luck.InUse) {
		s.report(zmq.EVENT_BIND_FAILED, uint32(syscall.EADDRINUSE), endpoint)
		return syscall.EADDRINUSE
	}
	s.report(zmq.EVENT_LISTENING, 0, endpoint)
	n.binders[endpoint] = s
	s.bound = append(s.bound, endpoint)
	for _, c := range n.searching[endpoint] {
		join(c, s, endpoint)
	}
	return nil
}

// Connect implements native.Socket.
func (s *socket) Connect(endpoint string) error {
	n := s.net
	n.mu.Lock()
	defer n.mu.Unlock()
	s.settleFor(endpoint)
	if err := s.fault("connect"); err != nil {
		return err
	}
	n.searching[endpoint] = append(n.searching[endpoint], s)
	if b := n.binders[endpoint]; b != nil {
		join(s, b, endpoint)
	}
	return nil
}

// Unbind implements native.Socket.
func (s *socket) Unbind(endpoint string) error {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if err := s.fault("unbind"); err != nil {
		return err
	}
	if s.net.binders[endpoint] != s {
		return syscall.ENOENT
	}
	delete(s.net.binders, endpoint)
	s.bound = without(s.bound, endpoint)
	return nil
}

// Disconnect implements native.Socket.
func (s *socket) Disconnect(endpoint string) error {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if err := s.fault("disconnect"); err != nil {
		return err
	}
	before := len(s.net.searching[endpoint])
	s.net.searching[endpoint] = without(s.net.searching[endpoint], s)
	if len(s.net.searching[endpoint]) == before {
		return syscall.ENOENT
	}
	for _, e := range s.ends {
		if e.endpoint == endpoint {
			e.part(true)
		}
	}
	return nil
}

// Close implements native.Socket. What was sent is still read by the peers unless linger is 0 or
// the socket was broken; what was received is lost.
func (s *socket) Close(linger time.Duration) error {
	n := s.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.open[s] {
		return syscall.ENOTSOCK
	}
	for _, at := range s.bound {
		delete(n.binders, at)
	}
	for at := range n.searching {
		n.searching[at] = without(n.searching[at], s)
	}
	for _, e := range s.ends {
		n.lose(s, e.in)
		e.in = nil
		e.part(linger > 0 && s.broken == 0)
	}
	delete(n.open, s)
	if s.world != nil {
		s.world.mine--
		s.net.closed.Broadcast()
	}
	s.gone(linger)
	s.raw.SetLinger(0)
	if err := s.fault("close"); err != nil {
		s.raw.Close()
		return err
	}
	return native.Wrap(s.raw.Close())
}

func (n *Net) lose(s *socket, messages []Message) {
	if !s.tame {
		n.lost = append(n.lost, messages...)
	}
}

func without[T comparable](all []T, x T) []T {
	for i := range all {
		if all[i] == x {
			return append(all[:i:i], all[i+1:]...)
		}
	}
	return all
}
