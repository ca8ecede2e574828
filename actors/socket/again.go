package socket

import (
	"cmp"
	"slices"

	"github.com/sockeye-mq/sockeye/messages"
)

// carried is a request whose native socket was lost before its reply came. It goes out once more,
// before everything that waits in the outbox, which has never been sent (Config.Retry, Config.Retries;
// the Guide's Lazy Pirate). Guarded by box.sending.
type carried struct {
	frames [][]byte
	from   *origin // nil: whoever sent it does not want to know
	tries  int     // it was sent so often
}

// unwanted reports whether whoever asked has given up, or has an answer by now. Caller holds mu.
func (b *box) unwanted(c *carried) bool {
	return c.from != nil && (c.from.gone.Load() || c.from.expects() && !b.calls[c.from])
}

// carries reports whether requests are kept until their reply comes.
func (b *box) carries() bool { return b.cfg.Retry || b.cfg.Retries > 0 }

// nextCarried is what to send once more, if there is something that somebody still wants.
func (b *box) nextCarried() *carried {
	if len(b.again) == 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.again) > 0 && b.unwanted(b.again[0]) {
		b.again = b.again[1:]
	}
	if len(b.again) == 0 {
		return nil
	}
	return b.again[0]
}

// sentAgain books that libzmq has taken it once more.
func (b *box) sentAgain() {
	c := b.again[0]
	b.again = b.again[1:]
	b.onWire = *c
	b.pattern.sent(b, c.from)
	b.settle(func() {
		b.books.resent++
		if c.from != nil {
			c.from.taken = true
		}
	})
}

// dropCarried gives up a request that libzmq will never take, and says so.
func (b *box) dropCarried(code messages.Reason, detail string) {
	c := b.again[0]
	b.again = b.again[1:]
	b.refuse(c.from, code, detail)
}

// refuseCarried is for the end.
func (b *box) refuseCarried(all []*carried) {
	for _, c := range all {
		b.refuse(c.from, messages.Reason_FAILED, lostOnWire)
	}
}

const lostOnWire = "the request was on the wire when the native socket was lost"

// keep notes the frames of the next n messages of q, whose replies may have to be asked for again.
func (b *box) keep(q *queue, n int) {
	b.onWire = carried{}
	if !b.carries() {
		return
	}
	from := q.from(n)
	for i, frames := range q.peek(n) {
		b.onWire = carried{frames: frames}
		if from != nil && from[i].asks() {
			from[i].kept = frames
		}
	}
}

// carryAsked keeps every correlated request that libzmq has taken for the next native socket.
func (b *box) carryAsked() {
	b.mu.Lock()
	var all []*origin
	for _, o := range b.asked {
		waits := slices.ContainsFunc(b.again, func(c *carried) bool { return c.from == o })
		if o.taken && o.kept != nil && !waits {
			all = append(all, o)
		}
	}
	b.mu.Unlock()
	slices.SortFunc(all, func(x, y *origin) int { return cmp.Compare(x.number, y.number) })
	for _, o := range all {
		b.again = append(b.again, &carried{frames: o.kept, from: o})
	}
}
