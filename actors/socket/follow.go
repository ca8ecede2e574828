package socket

import (
	"slices"
	"strings"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// following is what a socket knows of the names that it connects to.
//
// libzmq would connect again and again to where a peer was, and hand what it has to whoever is there by
// then. So it never does (see dialing), and here is who does, and when: facts C1 and C2.
type following struct {
	names map[string]func() // Owned by the actor: how to stop
	hops  map[string]*hop   // Owned by the actor: by endpoint

	// Owned by the actor: the only connection is being given up, and what has gone down with it is not settled. Until
	// that is done there is no other, which could be taken for it.
	settling *zmqthread.Do

	news    map[string][]Target // guarded by mu: by name, the latest
	heard   map[string]bool     // guarded by mu: of hops that are dialed or up: are they up, as the monitor says?
	changed map[string]bool     // guarded by mu: what was heard since the actor's last turn
	alive   []Target            // guarded by mu: confirmed; as many as there are hops at most
}

// follow starts to follow a name.
func (s *socket) follow(name string) {
	f := &s.following
	if f.names[name] != nil {
		return
	}
	if f.names == nil {
		f.names, f.hops = map[string]func(){}, map[string]*hop{}
	}
	f.names[name] = func() {} // Follow may panic
	f.names[name] = s.resolver().Follow(name, func(all []Target) { s.resolved(name, all) })
}

// resolved is called by the resolver, from any goroutine.
func (b *box) resolved(name string, all []Target) {
	b.tellFollowing(func(f *following) {
		if f.news == nil {
			f.news = map[string][]Target{}
		}
		f.news[name] = slices.Clone(all)
	})
}

// confirmed is called by the resolver, from any goroutine.
func (b *box) confirmed(t Target) {
	b.tellFollowing(func(f *following) {
		if !slices.Contains(f.alive, t) {
			f.alive = append(f.alive, t)
		}
	})
}

func (b *box) tellFollowing(change func(*following)) {
	b.mu.Lock()
	post := func() {}
	if !b.stopped {
		change(&b.following)
		post = b.nudge()
	}
	b.mu.Unlock()
	post()
}

// hear notes what becomes of the connections that were made by name. Caller holds mu, and nudges if it says so.
func (f *following) hear(e zmqthread.Event, typ zmq.Type) bool {
	if _, ours := f.heard[e.Endpoint]; !ours {
		return false
	}
	switch e.Event {
	case zmq.EVENT_CONNECTED:
		if typ != Stream { // raw TCP has no handshake
			return false
		}
		f.heard[e.Endpoint] = true
	case zmq.EVENT_HANDSHAKE_SUCCEEDED:
		f.heard[e.Endpoint] = true
	// Not CONNECT_RETRIED: libzmq may still say it of the connection before this one.
	case zmq.EVENT_DISCONNECTED, zmq.EVENT_CLOSED,
		zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.EVENT_HANDSHAKE_FAILED_AUTH:
		f.heard[e.Endpoint] = false
	default:
		return false
	}
	if f.changed == nil {
		f.changed = map[string]bool{}
	}
	f.changed[e.Endpoint] = f.heard[e.Endpoint]
	return true
}

// keepUp is the actor's turn: it makes connections of what is new. Not before the socket is open.
func (s *socket) keepUp(c actor.Context) {
	if len(s.adverts) > 0 {
		s.advertise()
	}
	f := &s.following
	if f.names == nil || !s.opened {
		return
	}
	s.mu.Lock()
	news, changed, alive := f.news, f.changed, f.alive
	f.news, f.changed, f.alive = nil, nil, nil
	s.mu.Unlock()
	for endpoint, isUp := range changed {
		s.heardOf(c, endpoint, isUp)
	}
	for name, all := range news {
		if f.names[name] != nil {
			s.targetsOf(c, name, all)
		}
	}
	for _, t := range alive {
		if h := f.hops[t.Endpoint]; h != nil && h.state == lost && h.target == t {
			s.dial(c, h)
		}
	}
	s.overdue(c)
}

// unfollow ends it, on request: connections that are well end, too.
func (s *socket) unfollow(c actor.Context, name string) bool {
	f := &s.following
	stop := f.names[name]
	if stop == nil {
		return false
	}
	s.careful(stop)
	delete(f.names, name)
	for _, h := range f.hops {
		if delete(h.by, name); len(h.by) == 0 {
			s.drop(c, h)
		}
	}
	return true
}

// unfollowAll is for when the actor stops: its connections end with the native socket.
func (b *box) unfollowAll() {
	for _, stop := range b.following.names {
		b.careful(stop)
	}
	for _, h := range b.following.hops {
		b.rest(h)
	}
}

// unnamed are endpoints without the names.
func unnamed(endpoints []string) []string {
	return slices.DeleteFunc(slices.Clone(endpoints), func(e string) bool { return strings.HasPrefix(e, clusterScheme) })
}

// namesOf are the names among endpoints.
func namesOf(endpoints []string) (names []string) {
	for _, e := range endpoints {
		if name, ok := strings.CutPrefix(e, clusterScheme); ok {
			names = append(names, name)
		}
	}
	return names
}
