package inspect

import (
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// looks takes snapshots when somebody wants one, and not more often than every so often: however many watch,
// the sockets are looked at once.
type looks struct {
	system *actor.ActorSystem // immutable
	every  time.Duration      // immutable

	mu   sync.Mutex
	last *look // guarded by mu
}

// look is a snapshot with what is made of it, once. Immutable but for that.
type look struct {
	*Snapshot
	tree   func() map[string]*node
	totals func() Totals

	mu   sync.Mutex
	rows map[string][]*Socket // guarded by mu: answers to questions, at most keepRows
}

const keepRows = 16

// once answers a question with what it was answered with before.
func (l *look) once(question string, answer func() []*Socket) []*Socket {
	l.mu.Lock()
	defer l.mu.Unlock()
	rows, ok := l.rows[question]
	if !ok {
		rows = answer()
		if len(l.rows) < keepRows {
			l.rows[question] = rows
		}
	}
	return rows
}

// now is the last look, or a new one.
func (l *looks) now() *look {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last != nil && time.Since(l.last.At) < l.every {
		return l.last
	}
	s := Take(l.system)
	if l.last != nil {
		s.since(l.last.Snapshot)
	}
	l.last = &look{Snapshot: s, rows: map[string][]*Socket{}, tree: sync.OnceValue(func() map[string]*node { return treeOf(s) }),
		totals: sync.OnceValue(func() Totals { return totalsOf(s) })}
	return l.last
}

// Totals is everything in a few numbers.
type Totals struct {
	Sockets int            `json:"sockets"`
	States  map[string]int `json:"states"` // how many sockets are in each
	Types   map[string]int `json:"types"`
	Queued  uint64         `json:"queued"`
	Held    uint64         `json:"held"`
	Peers   int            `json:"peers"`
	Stalled int            `json:"stalled"`
	Lost    uint64         `json:"lost"` // dropped for whatever reason, by the sockets that there are
	Rates   Rates          `json:"rates"`
}

func totalsOf(s *Snapshot) Totals {
	t := Totals{Sockets: len(s.Sockets), States: map[string]int{}, Types: map[string]int{}}
	for _, x := range s.Sockets {
		t.States[x.State]++
		t.Types[x.Type]++
		t.Queued += x.Queued
		t.Held += x.Held
		t.Peers += x.Peers
		t.Lost += x.lost()
		if x.Stalled {
			t.Stalled++
		}
		t.Rates.add(x.Rates)
	}
	return t
}

func (r *Rates) add(o Rates) {
	r.Sent += o.Sent
	r.SentBytes += o.SentBytes
	r.Received += o.Received
	r.ReceivedBytes += o.ReceivedBytes
	r.Dropped += o.Dropped
}
