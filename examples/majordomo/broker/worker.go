package broker

import (
	"slices"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/examples/majordomo/mdp"
)

// worker is one as the broker knows it.
type worker struct {
	id      string
	version mdp.Version
	service string
	expiry  time.Time
	task    *task // nil: it is idle
}

// heard takes what a worker has sent. What is valid, but not expected, costs it its connection: it comes
// back on another (RFC 7, Opening and Closing a Connection).
func (b *broker) heard(c actor.Context, id string, m mdp.Command) {
	w := b.workers[id]
	switch {
	case m.Kind == mdp.Disconnect:
		b.lose(c, w, &b.counts.Gone) // and nothing more is sent to it
		return
	case w == nil && m.Kind == mdp.Ready:
		b.register(c, id, m)
		return
	case w == nil:
		b.disconnect(c, id, m.Version) // of a past life of ours or its own
		return
	case m.Version != w.version || m.Kind == mdp.Ready:
		b.dismiss(c, w)
		return
	case m.Kind == mdp.Partial, m.Kind == mdp.Final:
		if w.task == nil || string(m.Address) != w.task.client {
			b.dismiss(c, w)
			return
		}
		b.reply(c, w, m)
	}
	w.expiry = time.Now().Add(liveness * b.Heartbeat) // whatever it was
}

// register begins a conversation. The names of mmi services are the broker's own (RFC 8).
func (b *broker) register(c actor.Context, id string, m mdp.Command) {
	if strings.HasPrefix(m.Service, mmi) || len(b.workers) >= maxWorkers {
		b.disconnect(c, id, m.Version)
		return
	}
	s := b.service(m.Service)
	if s == nil {
		b.disconnect(c, id, m.Version)
		return
	}
	w := &worker{id: id, version: m.Version, service: m.Service, expiry: time.Now().Add(liveness * b.Heartbeat)}
	b.workers[id] = w
	s.workers++
	s.idle = append(s.idle, w)
	b.deal(c, s)
}

func (b *broker) disconnect(c actor.Context, id string, v mdp.Version) {
	b.counts.Disconnected++
	b.send(c, id, mdp.Command{Version: v, Kind: mdp.Disconnect})
}

// dismiss has a worker disconnect, and its request done by another.
func (b *broker) dismiss(c actor.Context, w *worker) {
	if w != nil {
		b.disconnect(c, w.id, w.version)
		b.lose(c, w, &b.counts.Gone)
	}
}

// lose forgets a worker. What it was to do another one does, before anything else; unless its client has
// heard the beginning of the reply, and would hear it again.
func (b *broker) lose(c actor.Context, w *worker, count *int) {
	if w == nil {
		return
	}
	*count++
	delete(b.workers, w.id)
	s := b.services[w.service]
	s.workers--
	s.idle = slices.DeleteFunc(s.idle, func(x *worker) bool { return x == w })
	if t := w.task; t != nil {
		if t.parts = nil; t.tries >= maxTries || t.begun || b.waiting >= maxWaiting {
			b.counts.Dropped++
		} else {
			b.counts.Again++
			b.waiting++
			s.waiting = slices.Insert(s.waiting, 0, t)
			b.deal(c, s)
		}
	}
	b.tidy(s)
}

// tend sends heartbeats, and gives up who was silent for too long and what has waited for too long.
func (b *broker) tend(c actor.Context, now time.Time) {
	for id, w := range b.workers {
		if now.After(w.expiry) {
			b.lose(c, w, &b.counts.Expired)
			continue
		}
		b.send(c, id, mdp.Command{Version: w.version, Kind: mdp.Heartbeat})
	}
	for _, s := range b.services {
		before := len(s.waiting)
		s.waiting = slices.DeleteFunc(s.waiting, func(t *task) bool { return s.workers == 0 && now.Sub(t.since) > b.Expiry })
		b.counts.Dropped += before - len(s.waiting)
		b.waiting -= before - len(s.waiting)
		b.tidy(s)
	}
}
