package rig

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// Audit checks the ledger of every socket that is alive. The equations hold at every instant.
func (r *Rig) Audit() {
	r.T.Helper()
	r.mu.Lock()
	sockets := r.sockets
	r.mu.Unlock()
	for _, pid := range sockets {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		l, err := socket.Counts(ctx, r.Root, pid)
		cancel()
		if errors.Is(err, messages.ErrStopped) {
			continue
		}
		if err != nil {
			r.T.Errorf("counts of %s: %v", pid.Id, err)
			continue
		}
		Balanced(r.T, pid.Id, l)
	}
}

// settle checks the last word of every ledger: of a socket that is gone nothing is under way.
func (r *Rig) settle() {
	r.T.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, ledger := range r.books {
		l := ledger()
		Balanced(r.T, id, l)
		if l.Queued != 0 || l.Held != 0 {
			r.T.Errorf("%s has stopped with %d messages queued and %d held", id, l.Queued, l.Held)
		}
	}
}

// Balanced checks the equations of one ledger.
func Balanced(t testing.TB, id string, l socket.Ledger) {
	t.Helper()
	if what := Unbalanced(l); what != "" {
		t.Error(id, what)
	}
}

// Unbalanced says what is wrong with a ledger, "" if nothing is.
func Unbalanced(l socket.Ledger) string {
	if out := l.Taken + sum(l.Discarded) + l.DeadLettered + l.Queued; out != l.Accepted {
		return fmt.Sprintf("accepted %d messages and accounts for %d: %+v", l.Accepted, out, l)
	}
	if in := l.Delivered + l.Held + sum(l.Dropped) + l.Undelivered; in != l.Received {
		return fmt.Sprintf("received %d messages and accounts for %d: %+v", l.Received, in, l)
	}
	return ""
}

func sum(counts map[string]uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}
