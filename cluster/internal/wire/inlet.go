package wire

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// inbound is what comes from a peer in one session, until mailboxes have it. Guarded by peer.mu.
type inbound struct {
	next     uint64         // the number that the next message must have
	parcels  []parcel       // to be delivered
	messages int            // in parcels, and in the hands of deliver
	bytes    int            // the same
	running  bool           // somebody delivers; see deliver
	started  bool           // there is a goroutine for it
	progress *atomic.Uint64 // messages of this session that were delivered
	told     uint64         // of which the peer knows
	owed     int            // bytes that were delivered since the peer was last told
	settling bool           // it will soon be told
	claimed  token          // what somebody has claimed to be the peer's token, without a proof
	missing  uint64         // what it was last asked to send again, + 1
	asked    time.Time      // and when
}

// parcel is the content of a data frame.
type parcel struct {
	items    []byte
	count    int
	first    uint64
	session  uint64
	progress *atomic.Uint64
	lease    *lease // of items; or nil
}

// lease is the memory of a batch that came in, which is given back when everything in it has been delivered: all
// that is delivered is copied.
type lease struct {
	batch *messages.Batch
	held  atomic.Int32
}

func (l *lease) release() {
	if l != nil && l.held.Add(-1) == 0 {
		l.batch.Release()
	}
}

// reset begins another session. What was received in the last one is still delivered, unless there is more of
// the new one.
func (in *inbound) reset() {
	in.next, in.told, in.owed, in.missing, in.progress = 0, 0, 0, 0, new(atomic.Uint64)
}

// inlet is the process that everything from peers comes to. It is called on the goroutine of the PULL, takes
// apart what must be known at once, and never waits: whoever it is for gets it from another goroutine.
type inlet struct{ *Wire }

// SendUserMessage implements actor.Process.
func (w inlet) SendUserMessage(_ *actor.PID, x any) {
	_, m, sender := actor.UnwrapEnvelope(x)
	switch m := m.(type) {
	case *messages.Batch:
		var first []byte // frames of one message: there should be one
		n, l := 0, &lease{batch: m}
		l.held.Store(1)
		for f, last := range m.Frames() {
			if n++; n == 1 {
				first = f
			}
			if last {
				w.frame(first, n, l)
				n = 0
			}
		}
		l.release()
	case *messages.Message:
		if len(m.Frames) > 0 {
			w.frame(m.Frames[0], len(m.Frames), nil)
		}
	case *actor.Touch:
		if sender != nil {
			w.root.Send(sender, &actor.Touched{Who: w.inletPID})
		}
	}
}

// SendSystemMessage implements actor.Process: nobody can watch it end.
func (inlet) SendSystemMessage(*actor.PID, any) {}

// Stop implements actor.Process.
func (inlet) Stop(*actor.PID) {}

// frame takes one frame. Whatever is in it, the process goes on.
func (w inlet) frame(b []byte, frames int, l *lease) {
	<-w.ready // Start is about to know the address
	defer func() {
		if r := recover(); r != nil {
			w.strange("", malformed("it made this process panic: %v", r))
		}
	}()
	if frames != 1 {
		w.strange("", malformed("%d frames in one message", frames))
		return
	}
	kind, err := kindOf(b)
	if err == nil && kind == kindHello {
		err = w.greeted(b)
	} else if err == nil {
		err = w.taken(b, l)
	}
	if err != nil {
		w.strange("", err)
	}
}

// strange counts and logs what did not come from a peer.
func (w *Wire) strange(who string, err error) {
	drop := Malformed
	if f := new(FrameError); errors.As(err, &f) {
		drop = f.What
	}
	w.strangers[drop].Add(1)
	w.complain(who, "a frame is dropped", err)
}

func (w inlet) greeted(b []byte) error {
	h, err := decodeHello(b)
	switch {
	case err != nil:
		return err
	case h.to != w.address:
		return &FrameError{Misdirected, fmt.Errorf("hello to %.100q", h.to)}
	case h.from == w.address:
		return &FrameError{Misdirected, errors.New("hello from this system's own address")}
	}
	p, no := w.acquaint(h.from, time.Time{})
	if no != nil && no.Reason == TooManyPeers {
		return &FrameError{SystemFull, fmt.Errorf("hello from %.100q", h.from)}
	}
	if no != nil {
		return &FrameError{Stranger, fmt.Errorf("hello from %.100q: %v %w", h.from, no.Reason, errors.Join(no.Err))}
	}
	p.hello(h)
	return nil
}

func (w inlet) taken(b []byte, l *lease) error {
	h, items, err := decodeHeader(b)
	if err != nil {
		return err
	}
	w.mu.RLock()
	p := w.tokens[h.token]
	w.mu.RUnlock()
	if p == nil {
		return &FrameError{Stranger, errors.New("an unknown token")}
	}
	p.receive(&h, items, l)
	return nil
}

// receive takes a frame that p has sent, for it has p's token.
func (p *peer) receive(h *header, items []byte, l *lease) {
	p.mu.Lock()
	if p.state == gone || p.their.session == 0 || h.session != p.their.session || h.yours != p.session {
		p.books.frames[Stale]++
		p.mu.Unlock()
		p.greet(nil) // so that it learns how things stand
		return
	}
	now := time.Now()
	if now.Before(p.shunned) {
		p.mu.Unlock()
		return
	}
	if p.state != up {
		p.establish()
	}
	p.heard = now
	session := p.session
	reply, err := p.book(h, items, l)
	var beat []byte
	if reply != 0 {
		beat = p.beat(reply)
	}
	p.mu.Unlock()
	switch {
	case err != nil:
		p.violate(session, err)
	case beat != nil:
		p.control(beat)
	}
	p.flush()
}

// book takes what a frame of the session says. reply: flags of a beat that is to be sent. Caller holds mu.
func (p *peer) book(h *header, items []byte, l *lease) (reply uint32, err error) {
	if !p.confirm(h.ack) {
		return 0, fmt.Errorf("it confirms %d messages of %d", h.ack, p.out.sent)
	}
	in := &p.in
	switch {
	case h.kind == kindBye:
		p.end(Left, down)
	case h.kind == kindBeat:
		if h.count&flagResend != 0 {
			p.out.rewind()
		}
		if h.first > in.next {
			return p.miss(), nil
		}
		if h.count&flagHurry != 0 {
			return flagPlain, nil
		}
	case h.first > in.next:
		p.books.frames[Gap]++
		return p.miss(), nil
	case h.first+uint64(h.count) <= in.next:
		p.books.frames[Duplicate]++
	case h.first < in.next:
		return 0, fmt.Errorf("messages %d to %d after %d", h.first, h.first+uint64(h.count), in.next)
	case in.messages > 0 && (in.messages+int(h.count) > overrun*p.w.cfg.Window.Messages || in.bytes+len(items) > overrun*p.w.cfg.Window.Bytes+int(p.w.cfg.MaxMessage)+itemSlack):
		p.books.frames[Overrun]++
		return 0, fmt.Errorf("%d messages and %d bytes beyond its window", h.count, len(items))
	default:
		p.accept(h, items, l)
	}
	return 0, nil
}

// overrun: what was received in a session that is over is delivered beside what is received in the next.
const overrun = 2

func (p *peer) accept(h *header, items []byte, l *lease) {
	in := &p.in
	in.next += uint64(h.count)
	in.messages += int(h.count)
	in.bytes += len(items)
	if l != nil {
		l.held.Add(1)
	}
	in.parcels = append(in.parcels, parcel{items, int(h.count), h.first, p.session, in.progress, l})
	p.books.received += uint64(h.count)
	if !in.running {
		in.running = true
		p.wakeUp()
	}
	if !in.started {
		in.started = true
		go p.deliver()
	}
}

// miss has the peer asked, but not all the time, to send again what is missing. Caller holds mu.
func (p *peer) miss() (reply uint32) {
	in, now := &p.in, time.Now()
	if in.missing == in.next+1 && now.Sub(in.asked) < p.w.cfg.Heartbeat/4 {
		return 0
	}
	in.missing, in.asked = in.next+1, now
	return flagResend
}
