package zmqthread

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
)

type ctx = context.Context

// sharedContext is a ZeroMQ context and how many threads use it.
type sharedContext struct {
	native.Context
	layer native.Layer
	users atomic.Int64

	mu     sync.Mutex
	inproc map[string]*meeting // guarded by mu

	threads map[*Thread]bool // guarded by mu: those whose poll actor runs
}

// meeting is an inproc endpoint. libzmq reports no events for inproc, so peers are counted here.
type meeting struct {
	binders, connectors []*Link
	early               []*Link // connectors that nobody has been bound for yet
}

func contextFor(cfg Config) (*sharedContext, error) {
	if cfg.Share != nil {
		return cfg.Share.context.share()
	}
	c, err := cfg.Native.NewContext(cfg.IOThreads, cfg.MaxSockets)
	if err != nil {
		return nil, err
	}
	s := &sharedContext{Context: c, layer: cfg.Native, inproc: map[string]*meeting{}}
	s.users.Store(1)
	return s, nil
}

func (s *sharedContext) share() (*sharedContext, error) {
	for {
		n := s.users.Load()
		if n == 0 {
			return nil, ErrShutdown
		}
		if s.users.CompareAndSwap(n, n+1) {
			return s, nil
		}
	}
}

// release terminates the context with its last user. That waits for the linger of every socket, so
// it never runs on the thread (facts Z8).
func (s *sharedContext) release() error {
	if s.users.Add(-1) > 0 {
		return nil
	}
	return s.Term()
}

// meet notes that l bound or connected to an inproc endpoint, and part that it no longer is. Both
// tell everybody at that endpoint how many peers they have there now.
func (s *sharedContext) meet(endpoint string, l *Link, bound bool) {
	s.mu.Lock()
	m := s.inproc[endpoint]
	if m == nil {
		m = &meeting{}
		s.inproc[endpoint] = m
	}
	if bound {
		m.binders, m.early = append(m.binders, l), nil
	} else {
		m.connectors = append(m.connectors, l)
		if len(m.binders) == 0 {
			m.early = append(m.early, l)
		}
	}
	s.tell(endpoint, m)
	s.mu.Unlock()
}

func (s *sharedContext) part(endpoint string, l *Link, bound bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.inproc[endpoint]
	if m == nil {
		return
	}
	if bound {
		m.binders = without(m.binders, l)
	} else {
		m.connectors, m.early = without(m.connectors, l), without(m.early, l)
	}
	l.port.Met(endpoint, 0)
	s.tell(endpoint, m)
	if len(m.binders)+len(m.connectors) == 0 {
		delete(s.inproc, endpoint)
	}
}

// early reports whether l has connected to an inproc endpoint that nobody has been bound to yet. libzmq does not let
// go of such a socket before somebody is, or the context ends (ctx.cpp, pend_connection).
func (s *sharedContext) early(l *Link) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range l.meets {
		if m := s.inproc[at.endpoint]; m != nil && slices.Contains(m.early, l) {
			return true
		}
	}
	return false
}

// tell runs on the thread of whoever came or went; the others learn it through Port.Met, which may
// be called from any thread.
func (s *sharedContext) tell(endpoint string, m *meeting) {
	for _, l := range m.binders {
		l.port.Met(endpoint, len(m.connectors))
	}
	for _, l := range m.connectors {
		l.port.Met(endpoint, len(m.binders))
	}
}

// without removes the first l.
func without(links []*Link, l *Link) []*Link {
	for i, x := range links {
		if x == l {
			return append(links[:i:i], links[i+1:]...)
		}
	}
	return links
}
