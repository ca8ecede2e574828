package wire

import (
	"github.com/sockeye-mq/sockeye/messages"
)

// outbound is what goes to a peer in one session: frames that were handed to its socket and are not
// confirmed, then frames that wait. Guarded by peer.mu.
type outbound struct {
	frames []*frame // in their order; the last may be open: more is put into it
	next   int      // the first that is to be handed over

	queued, queuedBytes int    // messages that were never handed over
	flight, flightBytes int    // messages in frames[:next]
	total               uint64 // messages of the session, all
	sent                uint64 // of them handed over, ever
	posted              uint64 // of them in the socket's hands
	acked               uint64 // of them confirmed

	handed, taken pile   // frames given to the socket, and those that libzmq has got from it
	offers        []pile // guarded like the rest: handed, at each frame that the socket is to tell about
	stuck         int    // looks at the clock since that has changed
	flushing      bool
	hint          int    // size of the last frame
	open          *frame // more is put into it
	w             writer // of open
}

// pile is so many frames and bytes.
type pile struct{ frames, bytes int }

// frame is a data frame in the making, and then until it is confirmed.
type frame struct {
	data   []byte // header first
	first  uint64
	count  int
	told   bool // the socket tells when libzmq has taken it
	sealed bool // nothing more is put into it; the header is written
}

// A frame is closed when it has so many bytes or messages. Below 32 KiB a socket copies what it is given, which is
// cheaper than to have it sent from where it is.
const (
	frameBytes     = 28 << 10
	frameMessages  = 1024
	mostHanded     = 2         // frames at the socket before more are gathered
	mostHandedFull = 256 << 10 // bytes of full ones
)

func (o *outbound) reset() {
	flushing, hint := o.flushing, o.hint
	*o = outbound{flushing: flushing, hint: max(hint, 512)}
}

// add appends a message to the last frame, or to a new one.
func (o *outbound) add(it *item, size int) {
	f := o.open
	if f == nil || f.sealed || f.count >= frameMessages || len(f.data)+size > frameBytes {
		room := max(o.hint, headerSize+size+64)
		f = &frame{data: make([]byte, headerSize, room), first: o.total}
		o.frames = append(o.frames, f)
		o.open = f
		o.w.reset()
	}
	before := len(f.data)
	f.data = o.w.append(f.data, it)
	f.count++
	o.total++
	o.queued++
	o.queuedBytes += len(f.data) - before
}

func (f *frame) full() bool { return f.count >= frameMessages || len(f.data) >= frameBytes*3/4 }

// take returns the next frame to hand over, or nil: there is none, the window is full, or the socket has
// enough for now. Caller holds mu.
func (p *peer) take() *frame {
	o := &p.out
	if p.state != up || !p.line.connected || o.next >= len(o.frames) {
		return nil
	}
	f := o.frames[o.next]
	switch {
	case o.flight > 0 && (o.flight+f.count > p.their.messages || int64(o.flightBytes+len(f.data)) > p.their.bytes):
		return nil
	case o.waiting().frames >= mostHanded && (!f.full() || o.waiting().bytes+len(f.data) > mostHandedFull):
		return nil
	}
	if !f.sealed {
		f.sealed = true
		h := p.header(kindData)
		h.first, h.count = f.first, uint32(f.count)
		h.put(f.data)
		o.hint = min(len(f.data), frameBytes)
	}
	o.next++
	size := len(f.data) - headerSize
	o.flight, o.flightBytes = o.flight+f.count, o.flightBytes+len(f.data)
	o.handed.frames, o.handed.bytes, o.stuck = o.handed.frames+1, o.handed.bytes+len(f.data), 0
	// A frame alone is soon confirmed by an answer, as a rule: that it was taken need not be told, too.
	if f.told = o.waiting().frames > 1; f.told {
		o.offers = append(o.offers, o.handed)
	}
	if end := f.first + uint64(f.count); end > o.sent {
		o.sent = end
		o.queued, o.queuedBytes = o.queued-f.count, o.queuedBytes-size
	} else {
		p.books.resent += uint64(f.count)
	}
	return f
}

// flush hands over what may be. One goroutine at a time does, so that the order is kept; others leave what
// they have brought to it.
func (p *peer) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handOver()
}

// handOver is flush for who holds mu, which is let go meanwhile.
func (p *peer) handOver() {
	if p.out.flushing {
		return
	}
	p.out.flushing = true
	for f := p.take(); f != nil; f = p.take() {
		session, push, from := p.session, p.line.push, p.line.answers
		p.mu.Unlock()
		var m any = messages.Bytes(f.data)
		if f.told {
			m = &messages.Offer{Message: m.(*messages.Message)}
		} else {
			from = p.mail
		}
		p.w.root.RequestWithCustomSender(push, m, from)
		p.mu.Lock()
		if session == p.session {
			p.out.posted = max(p.out.posted, f.first+uint64(f.count))
		}
	}
	p.out.flushing = false
}

// waiting are the frames that libzmq has yet to take, as far as is known. Caller holds mu.
func (o *outbound) waiting() pile {
	return pile{o.handed.frames - o.taken.frames, o.handed.bytes - o.taken.bytes}
}

// told books an answer of the socket's: libzmq has taken the oldest frame that was to be told of, and so all
// before it; or it was given back. Caller holds mu.
func (o *outbound) told() {
	if len(o.offers) > 0 {
		o.stuck = 0
		if o.offers[0].frames > o.taken.frames {
			o.taken = o.offers[0]
		}
		o.offers = o.offers[1:]
	}
}

// confirm books what the peer has given to mailboxes, and reports whether that is possible. Caller holds mu.
func (p *peer) confirm(ack uint64) bool {
	o := &p.out
	if ack > o.sent {
		return false
	}
	if ack <= o.acked {
		return true
	}
	p.books.confirmed += ack - o.acked
	o.acked = ack
	done := 0
	for done < o.next && o.frames[done].first+uint64(o.frames[done].count) <= ack {
		f := o.frames[done]
		o.flight, o.flightBytes = o.flight-f.count, o.flightBytes-len(f.data)
		o.frames[done] = nil
		done++
	}
	o.frames, o.next = o.frames[done:], o.next-done
	if o.next == 0 {
		o.taken = o.handed
	}
	return true
}

// rewind has everything handed over again that is not confirmed: a connection has lost some. Caller holds mu.
func (o *outbound) rewind() { o.next, o.flight, o.flightBytes = 0, 0, 0 }

// weed takes out what the peer, now that it is known, does not take, and numbers the rest anew: nothing of the
// session was sent yet. A message that large has a frame of its own. Caller holds mu.
func (o *outbound) weed(most int64) (weeds []*frame) {
	kept := o.frames[:0:0]
	o.total, o.open = 0, nil
	for _, f := range o.frames {
		if f.count == 1 && int64(len(f.data)) > most+itemSlack {
			o.queued, o.queuedBytes = o.queued-1, o.queuedBytes-len(f.data)+headerSize
			weeds = append(weeds, f)
			continue
		}
		f.first = o.total
		o.total += uint64(f.count)
		kept = append(kept, f)
	}
	o.frames = kept
	return weeds
}
