package wire

import (
	"errors"
	"strings"

	"github.com/asynkron/protoactor-go/actor"
)

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

// delivery is a parcel that is being delivered. Owned by the goroutine that delivers.
type delivery struct {
	*parcel
	peer *peer
	r    reader
	slab slab
	it   item // that is being delivered
	done int  // how many were read
	t    tally

	last             *actor.PID // the target before, and what is known of it:
	reserved, answer bool       // that it may not be addressed, and that it takes one answer
}

func (p *peer) deliverParcel(c *parcel) tally {
	d := delivery{parcel: c, peer: p, r: reader{rest: c.items, here: p.w.address}}
	for d.run() {
	}
	return d.t
}

// run delivers until the end, or until somebody panics: again, then.
func (d *delivery) run() (again bool) {
	defer func() {
		if r := recover(); r != nil {
			d.drop(Panicked, malformed("%s: %v", d.it.target.Id, r))
			again = true
		}
	}()
	for d.done < d.count {
		it, err := d.r.next()
		if err != nil {
			d.t.drop(Malformed, uint64(d.count-d.done))
			d.done = d.count
			d.peer.violate(d.session, err)
			return false
		}
		d.it = it
		d.done++
		// Whoever gets it may answer at once, and the answer is to confirm it.
		d.progress.Store(d.first + uint64(d.done))
		if drop, err := d.deliver(); drop != 0 {
			d.drop(drop, err)
		} else {
			d.t.delivered++
		}
	}
	if len(d.r.rest) > 0 {
		d.peer.violate(d.session, malformed("%d bytes behind the last message", len(d.r.rest)))
	}
	return false
}

// drop counts the item as dropped, and tells who should know.
func (d *delivery) drop(why Drop, err error) {
	d.t.drop(why, 1)
	d.peer.w.complain(d.peer.address, "a message is dropped", &FrameError{why, err})
	d.peer.answerDropped(&d.it)
}

// deliver delivers one message, or says why not.
func (d *delivery) deliver() (Drop, error) {
	it, w := &d.it, d.peer.w
	if it.target != d.last {
		id := it.target.Id
		d.last, d.reserved, d.answer = it.target, w.reserved(id), isFuture(id) || strings.HasPrefix(id, "ask$")
	}
	switch {
	case d.reserved:
		return d.about(BadTarget)
	case it.sender != nil && it.sender.Address == nowhere:
		return d.about(Misplaced)
	}
	m, err := d.message()
	if err != nil {
		f := new(FrameError)
		errors.As(err, &f)
		return f.What, f.Err
	}
	if it.system {
		if drop := d.peer.systemMessage(d.session, it.target, m); drop != 0 {
			return d.about(drop)
		}
		return 0, nil
	}
	if d.answer {
		w.waiting.answered(it.target.Id)
	}
	if it.sender != nil || it.headers != nil {
		m = &actor.MessageEnvelope{Header: it.headers, Message: m, Sender: it.sender}
	}
	w.root.Send(it.target, m)
	return 0, nil
}

func (d *delivery) about(why Drop) (Drop, error) {
	return why, errors.New(d.it.typ + " to " + d.it.target.Id)
}

// message decodes it. The error is a *FrameError.
func (d *delivery) message() (any, error) {
	it := &d.it
	if it.typ == plainType && !it.system {
		if m := d.slab.plain(it.payload, d.count-d.done+1, len(it.payload)+len(d.r.rest)); m != nil {
			return m, nil
		}
	}
	m, err := deserialize(it.typ, it.payload)
	if err != nil {
		return nil, err
	}
	if _, system := m.(actor.SystemMessage); system != it.system {
		return nil, &FrameError{Misplaced, errors.New(it.typ + " to " + it.target.Id)}
	}
	return m, nil
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
