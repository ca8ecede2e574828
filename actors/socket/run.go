package socket

import "github.com/sockeye-mq/sockeye/messages"

// direct is a pattern whose messages all go to the receivers, whatever is in them.
type direct interface{ direct() }

func (pull) direct() {}
func (sub) direct()  {}
func (xsub) direct() {}
func (pair) direct() {}

// direct reports whether what arrives goes to every receiver there is, and to nobody else.
func (b *box) direct() bool {
	_, ok := b.pattern.(direct)
	return ok && b.cfg.Deliver.mode == toAll && !b.cfg.Deliver.skip
}

// run is messages of one parcel on their way to one receiver: booked together, since for most sockets
// four locks a message would cost more than all the rest.
type run struct {
	box  *box
	to   *receiver
	left int  // booked as delivered, and not on their way yet
	busy bool // with one; if that is so in the end, it has panicked
}

// handOverRun hands over messages of p up to the next Touch. It reports whether it could; if not,
// nothing has happened.
func (b *box) handOverRun(p *parcel) bool {
	b.mu.Lock()
	if len(b.receivers) != 1 {
		b.mu.Unlock()
		return false
	}
	r := run{box: b, to: b.receivers[0]}
	r.left = min(len(p.rest), b.untilTouch(r.to))
	r.book(r.left)
	wake := b.feed()
	b.mu.Unlock()
	if wake {
		b.kick()
	}
	defer r.end()
	for r.left > 0 {
		m := p.rest[0]
		p.rest = p.rest[1:]
		r.left--
		r.busy = true
		r.deliver(m)
		r.busy = false
	}
	b.touch(r.to)
	return true
}

func (r *run) deliver(m *messages.Message) {
	if r.box.tails() {
		r.deliverTraced(m)
		return
	}
	root := r.box.system.Root
	if from := r.box.pattern.arrived(r.box, m).sender; from != nil {
		root.RequestWithCustomSender(r.to.pid, m, from)
	} else {
		root.Send(r.to.pid, m)
	}
}

func (r *run) deliverTraced(m *messages.Message) {
	a := r.box.arrived(m)
	if a.drop != delivered {
		r.drop(a.drop)
		return
	}
	r.box.deliver(r.to.pid, a)
}

// drop books one that is not delivered after all.
func (r *run) drop(why reason) {
	b := r.box
	b.mu.Lock()
	defer b.mu.Unlock()
	r.to.sent--
	b.books.delivered--
	b.books.dropped[why]++
}

// book notes that n messages are delivered. Caller holds box.mu.
func (r *run) book(n int) {
	r.to.sent += uint64(n)
	r.box.held -= n
	r.box.books.delivered += uint64(n)
}

// end is deferred: after a panic the message that caused it is dropped, and those behind it are in the
// inbox again.
func (r *run) end() {
	if !r.busy {
		return
	}
	b := r.box
	b.mu.Lock()
	r.book(-r.left)
	b.books.delivered--
	b.books.dropped[panicked]++
	b.mu.Unlock()
}
