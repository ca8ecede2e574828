package socket

// ticket is n messages on their way out of the inbox. They are booked as delivered before a receiver
// has them, so that nobody is ahead of the ledger, and otherwise if handing over panics.
type ticket struct {
	box    *box
	n      int
	booked bool // as delivered
	closed bool
}

func (t *ticket) deliver() {
	if !t.booked {
		t.booked = true
		t.box.book(t.n, delivered)
	}
}

// close says what has become of them.
func (t *ticket) close(why reason) {
	t.closed = true
	switch why {
	case waiting:
	case delivered:
		t.deliver()
	default:
		t.box.book(t.n, why)
	}
}

// end is deferred: without a close there was a panic.
func (t *ticket) end() {
	switch {
	case t.closed:
	case t.booked:
		t.box.mu.Lock()
		t.box.books.delivered -= uint64(t.n)
		t.box.books.dropped[panicked] += uint64(t.n)
		t.box.mu.Unlock()
	default:
		t.box.book(t.n, panicked)
	}
}

// book notes that n messages have left the inbox, and why.
func (b *box) book(n int, why reason) {
	b.mu.Lock()
	b.held -= n
	if why == delivered {
		b.books.delivered += uint64(n)
	} else {
		b.books.dropped[why] += uint64(n)
	}
	wake := b.feed()
	b.mu.Unlock()
	if wake {
		b.kick()
	}
}
