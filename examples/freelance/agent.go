package main

import (
	"slices"
	"time"
)

// patience is how long an agent waits. RFC 10 leaves all of it open.
type patience struct {
	ping   time.Duration // between pings to a server that says nothing else
	silent time.Duration // so long silent, a server is dead; two or three pings
	try    time.Duration // so long without a reply, a request is sent to another server
	expire time.Duration // so long altogether, it has failed
}

// agent knows the servers and the requests under way, and says what to send to whom. It has no clock, no
// socket and no goroutine.
type agent struct {
	patience patience
	most     int // requests under way
	servers  []*server
	requests []*request // in the order in which they came
	number   uint64     // of the last
}

type server struct {
	name   string    // its endpoint and its identity
	pingAt time.Time // when it is to be pinged
	until  time.Time // it is alive until then
}

type request struct {
	number  uint64
	body    [][]byte
	at      string    // where it was sent last; "" if nowhere
	again   time.Time // when it is to be sent to another server
	expires time.Time
}

// send is something to be sent.
type send struct {
	to   string
	what command
}

// newAgent returns an agent for servers none of which is known to be alive.
func newAgent(p patience, most int, names ...string) *agent {
	a := &agent{patience: p, most: most}
	for _, name := range names {
		a.servers = append(a.servers, &server{name: name})
	}
	return a
}

// ask takes a request and returns its number, or false if there are too many.
func (a *agent) ask(now time.Time, body [][]byte) (number uint64, out []send, ok bool) {
	if len(a.requests) >= a.most {
		return 0, nil, false
	}
	a.number++
	r := &request{number: a.number, body: body, expires: now.Add(a.patience.expire)}
	a.requests = append(a.requests, r)
	return r.number, a.dispatch(now, r), true
}

// heard is for everything that comes from a server. It reports whether a reply is the first to its request,
// and what can be sent now that this server is alive.
func (a *agent) heard(now time.Time, from string, r reply) (answered bool, out []send) {
	s := a.server(from)
	if s == nil {
		return false, nil
	}
	s.until, s.pingAt = now.Add(a.patience.silent), now.Add(a.patience.ping)
	if r.body != nil {
		i := slices.IndexFunc(a.requests, func(q *request) bool { return q.number == r.number })
		if answered = i >= 0; answered {
			a.requests = slices.Delete(a.requests, i, i+1)
		}
	}
	for _, q := range a.requests {
		if q.at == "" {
			out = append(out, a.dispatch(now, q)...)
		}
	}
	return answered, out
}

// lost is for a server that cannot be reached at this moment. What was sent to it goes to others.
func (a *agent) lost(now time.Time, name string) (out []send) {
	s := a.server(name)
	if s == nil {
		return nil
	}
	s.until = time.Time{}
	for _, q := range a.requests {
		if q.at == name {
			out = append(out, a.dispatch(now, q)...)
		}
	}
	return out
}

// tick is to be called now and then. It returns the requests that have failed.
func (a *agent) tick(now time.Time) (failed []uint64, out []send) {
	for _, s := range a.servers {
		if !now.Before(s.pingAt) {
			s.pingAt = now.Add(a.patience.ping)
			out = append(out, send{to: s.name})
		}
	}
	a.requests = slices.DeleteFunc(a.requests, func(q *request) bool {
		late := !now.Before(q.expires)
		if late {
			failed = append(failed, q.number)
		}
		return late
	})
	for _, q := range a.requests {
		if q.at == "" || !now.Before(q.again) {
			out = append(out, a.dispatch(now, q)...)
		}
	}
	return failed, out
}

// dispatch sends a request to the next server that is alive, counted from where it is; to the same if
// there is no other.
func (a *agent) dispatch(now time.Time, q *request) []send {
	first := slices.IndexFunc(a.servers, func(s *server) bool { return s.name == q.at }) + 1
	for i := range a.servers {
		if s := a.servers[(first+i)%len(a.servers)]; now.Before(s.until) {
			q.at, q.again = s.name, now.Add(a.patience.try)
			return []send{{s.name, numbered(q.number, q.body)}}
		}
	}
	q.at = ""
	return nil
}

func (a *agent) server(name string) *server {
	for _, s := range a.servers {
		if s.name == name {
			return s
		}
	}
	return nil
}
