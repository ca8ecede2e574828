package wire

import (
	"errors"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// deliver gives what has been received to mailboxes, on a goroutine of the peer's own, for that may run
// users' code: a mailbox, a subscriber to dead letters. Whoever blocks there, blocks what comes from this peer.
func (p *peer) deliver() {
	for {
		p.mu.Lock()
		in := &p.in
		if len(in.parcels) == 0 {
			in.running = false
			p.settleSoon()
			p.mu.Unlock()
			return
		}
		next := in.parcels[0]
		in.parcels[0] = parcel{}
		in.parcels = in.parcels[1:]
		p.mu.Unlock()
		tally := p.deliverParcel(&next)
		p.mu.Lock()
		in.messages -= next.count
		in.bytes -= len(next.items)
		tally.add(&p.books)
		in.owed += len(next.items)
		var beat []byte
		window := p.w.cfg.Window
		if p.state == up && (in.progress.Load()-in.told > uint64(window.Messages/8) || in.owed > window.Bytes/8) {
			beat = p.beat(0)
		}
		p.mu.Unlock()
		if beat != nil {
			p.control(beat)
		}
	}
}

// settleAfter is how long an answer may take that confirms beside what else it says.
const settleAfter = 10 * time.Millisecond

// settleSoon has the peer told, if nothing else tells it, that everything was delivered. Caller holds mu.
func (p *peer) settleSoon() {
	if in := &p.in; p.state == up && !in.settling && in.progress.Load() > in.told {
		in.settling = true
		time.AfterFunc(settleAfter, p.settle)
	}
}

func (p *peer) settle() {
	p.mu.Lock()
	in := &p.in
	in.settling = false
	var beat []byte
	if p.state == up && in.progress.Load() > in.told {
		beat = p.beat(0)
	}
	p.mu.Unlock()
	if beat != nil {
		p.control(beat)
	}
}

// tally is what became of the messages of one parcel.
type tally struct {
	delivered uint64
	dropped   map[Drop]uint64
}

func (t *tally) drop(d Drop, n uint64) {
	if t.dropped == nil {
		t.dropped = map[Drop]uint64{}
	}
	t.dropped[d] += n
}

func (t *tally) add(b *books) {
	b.delivered += t.delivered
	for d, n := range t.dropped {
		b.dropped[d] += n
	}
}

func (p *peer) deliverParcel(c *parcel) (t tally) {
	r := reader{rest: c.items, here: p.w.address}
	for i := range c.count {
		it, err := r.next()
		if err != nil {
			t.drop(Malformed, uint64(c.count-i))
			p.violate(c.session, err)
			return t
		}
		// Whoever gets it may answer at once, and the answer is to confirm it.
		c.progress.Store(c.first + uint64(i) + 1)
		if d, err := p.deliverItem(c.session, &it); d != 0 {
			t.drop(d, 1)
			p.w.complain(p.address, "a message is dropped", &FrameError{d, err})
			p.answerDropped(&it)
		} else {
			t.delivered++
		}
	}
	if len(r.rest) > 0 {
		p.violate(c.session, malformed("%d bytes behind the last message", len(r.rest)))
	}
	return t
}

// deliverItem delivers one message, or says why not.
func (p *peer) deliverItem(session uint64, it *item) (d Drop, err error) {
	defer func() {
		if r := recover(); r != nil {
			d, err = Panicked, malformed("%s: %v", it.target.Id, r)
		}
	}()
	about := func(d Drop) (Drop, error) { return d, errors.New(it.typ + " to " + it.target.Id) }
	if p.w.reserved(it.target.Id) {
		return about(BadTarget)
	}
	if it.sender != nil && it.sender.Address == nowhere {
		return about(Misplaced)
	}
	m, err := deserialize(it.typ, it.payload)
	if err != nil {
		f := new(FrameError)
		errors.As(err, &f)
		return f.What, f.Err
	}
	if _, system := m.(actor.SystemMessage); system != it.system {
		return about(Misplaced)
	}
	if it.system {
		if d := p.systemMessage(session, it.target, m); d != 0 {
			return about(d)
		}
		return 0, nil
	}
	if isFuture(it.target.Id) || strings.HasPrefix(it.target.Id, "ask$") {
		p.w.waiting.answered(it.target.Id)
	}
	if it.sender != nil || it.headers != nil {
		m = &actor.MessageEnvelope{Header: it.headers, Message: m, Sender: it.sender}
	}
	p.w.root.Send(it.target, m)
	return 0, nil
}

// answerDropped tells the sender that there will be no answer.
func (p *peer) answerDropped(it *item) {
	if it.sender == nil || it.sender.Address != p.address || !goodName(it.sender.Id) {
		return
	}
	if it.typ == string((&actor.DeadLetterResponse{}).ProtoReflect().Descriptor().FullName()) {
		return
	}
	p.SendUserMessage(it.sender, &actor.DeadLetterResponse{Target: it.target})
}

// reserved reports whether a peer may not address this process: Proto.Actor's own, of which a guardian panics
// when it gets a message, and the event stream would publish it; and what the Wire itself is made of.
func (w *Wire) reserved(id string) bool {
	return id == "deadletter" || id == "eventstream" || strings.HasPrefix(id, "guardian$") ||
		strings.HasPrefix(id, "zmq$") || strings.HasPrefix(id, reserved)
}
