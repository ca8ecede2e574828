package broker

import (
	"slices"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/examples/majordomo/mdp"
	"github.com/sockeye-mq/sockeye/messages"
)

// mmi begins the names of the services that the broker provides itself (RFC 8).
const mmi = "mmi."

// service is what is known of one: it is there as long as it has workers, or requests that wait for one.
type service struct {
	name    string
	workers int       // idle or not
	idle    []*worker // the longest idle first
	waiting []*task   // the oldest first
}

// task is a request.
type task struct {
	mdp.Command
	client string // its identity
	since  time.Time
	tries  int
	begun  bool     // its client has had a partial reply
	parts  [][]byte // partial replies, for a client that wants one reply
}

// service is the one with that name, a new one if need be; nil: there are too many.
func (b *broker) service(name string) *service {
	s := b.services[name]
	if s == nil && len(b.services) < maxServices {
		s = &service{name: name}
		b.services[name] = s
	}
	return s
}

func (b *broker) tidy(s *service) {
	if s.workers == 0 && len(s.waiting) == 0 {
		delete(b.services, s.name)
	}
}

// request queues what a client has asked.
func (b *broker) request(c actor.Context, client string, m mdp.Command) {
	if strings.HasPrefix(m.Service, mmi) {
		b.counts.Internal++
		b.answer(c, &task{Command: m, client: client}, mdp.Final, [][]byte{[]byte(b.internal(m))})
		return
	}
	b.counts.Requests++
	s := b.service(m.Service)
	if s == nil || b.waiting >= maxWaiting {
		b.counts.Dropped++ // its client asks again
		return
	}
	b.waiting++
	s.waiting = append(s.waiting, &task{Command: m, client: client, since: time.Now()})
	b.deal(c, s)
}

// internal is the reply of an mmi service.
func (b *broker) internal(m mdp.Command) string {
	if m.Service != "mmi.service" {
		return "501"
	}
	if s := b.services[string(m.Body[len(m.Body)-1])]; s != nil && s.workers > 0 {
		return "200"
	}
	return "404"
}

// deal gives requests to idle workers.
func (b *broker) deal(c actor.Context, s *service) {
	for len(s.idle) > 0 && len(s.waiting) > 0 {
		w, t := s.idle[0], s.waiting[0]
		s.idle, s.waiting = slices.Delete(s.idle, 0, 1), slices.Delete(s.waiting, 0, 1)
		b.waiting--
		w.task = t
		t.tries++
		b.send(c, w.id, mdp.Command{Version: w.version, Kind: mdp.Request, Address: []byte(t.client), Body: t.Body})
	}
}

// reply passes on what w says to the client that it works for, whose version may be another.
func (b *broker) reply(c actor.Context, w *worker, m mdp.Command) {
	t := w.task
	switch {
	case m.Kind == mdp.Partial && t.Version == mdp.V2:
		b.counts.Partials++
		t.begun = true
		b.answer(c, t, mdp.Partial, m.Body)
		return
	case m.Kind == mdp.Partial: // V1 has one reply: all frames together
		b.counts.Partials++
		if t.parts = append(t.parts, m.Body...); size(t.parts) > maxParts {
			t.tries = maxTries // another worker would say as much
			b.dismiss(c, w)
		}
		return
	}
	b.counts.Replies++
	b.answer(c, t, mdp.Final, append(t.parts, m.Body...))
	w.task = nil
	s := b.services[w.service]
	s.idle = append(s.idle, w)
	b.deal(c, s)
}

// size is what frames take, with something for each, for a frame can be empty.
func size(frames [][]byte) (n int) {
	for _, f := range frames {
		n += len(f) + 24
	}
	return n
}

// answer sends to a client. Nobody is told when it has gone: that is a dead letter.
func (b *broker) answer(c actor.Context, t *task, k mdp.Kind, body [][]byte) {
	m := mdp.Command{Version: t.Version, Role: mdp.Client, Kind: k, Envelope: t.Envelope, Service: t.Service, Body: body}
	c.Send(b.router, messages.Bytes(append([][]byte{[]byte(t.client)}, m.Frames()...)...))
}
