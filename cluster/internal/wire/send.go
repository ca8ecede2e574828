package wire

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// SendUserMessage implements actor.Process. It runs on the sender's goroutine and never waits.
func (p *peer) SendUserMessage(pid *actor.PID, message any) {
	header, m, sender := actor.UnwrapEnvelope(message)
	if _, system := m.(actor.SystemMessage); system {
		p.w.undelivered(pid, header, m, sender, &UndeliveredError{pid, NotSerializable, notHere(m)})
		return
	}
	it := item{target: pid, sender: p.w.here(sender)}
	if header != nil && header.Length() > 0 {
		it.headers = header.ToMap()
	}
	waits := p.w.waits(it.sender)
	if _, cancel := m.(*messages.Cancelled); cancel && waits {
		p.w.waiting.answered(sender.Id)
		waits = false
	}
	if waits {
		p.w.waiting.add(sender.Id, p, pid)
	}
	err := p.send(&it, m)
	if err == nil {
		return
	}
	if waits && !p.w.waiting.answered(sender.Id) {
		sender = nil // has been answered by whoever told it that the peer is dead
	}
	p.w.undelivered(pid, header, m, sender, err)
}

func notHere(m any) error { return &NotSerializableError{typeName(m), errMisplaced} }

// SendSystemMessage implements actor.Process.
func (p *peer) SendSystemMessage(pid *actor.PID, message any) {
	switch m := message.(type) {
	case *actor.Watch:
		p.watch(pid, m)
		return
	case *actor.Unwatch:
		p.unwatch(pid, m)
		return
	case *actor.Terminated:
		p.mu.Lock()
		delete(p.watched, bond{pid.Id, m.Who.GetId()})
		p.mu.Unlock()
	case *actor.Stop:
	default:
		p.w.complain(p.address, "sends", notHere(m))
		return
	}
	p.sendSystem(pid, message)
}

// sendSystem sends a system message. It has no sender who could be told: that it cannot be sent is counted.
func (p *peer) sendSystem(pid *actor.PID, message any) bool {
	err := p.send(&item{target: pid, system: true}, message)
	return err == nil
}

// Stop implements actor.Process.
func (p *peer) Stop(pid *actor.PID) { p.SendSystemMessage(pid, &actor.Stop{}) }

// send queues m. A peer that was forgotten meanwhile is looked up again.
func (p *peer) send(it *item, m any) *UndeliveredError {
	var fail *UndeliveredError
	if plain, ok := m.(*messages.Message); ok && plain != nil && len(plain.ProtoReflect().GetUnknown()) == 0 {
		it.typ, it.plain, it.length = plainType, plain, plainSize(plain)
		fail = p.queue(it)
	} else if fail = p.ready(); fail == nil {
		fail = p.encode(it, m)
	}
	if fail != nil && fail.Reason == Closed {
		if fresh, no := p.w.peerOf(it.target.Address); no != nil {
			fail = no
		} else if fresh != p {
			return fresh.send(it, m)
		}
	}
	if fail != nil {
		fail.Target = it.target
	}
	return fail
}

// encode queues a message that protobuf encodes.
func (p *peer) encode(it *item, m any) *UndeliveredError {
	buf := scratch.Get().(*[]byte)
	typ, payload, err := p.w.serialize((*buf)[:0], m)
	if err != nil {
		scratch.Put(buf)
		p.w.complain(p.address, "cannot be sent", err)
		p.count(NotSerializable)
		return &UndeliveredError{it.target, NotSerializable, err}
	}
	it.typ, it.payload = typ, payload
	fail := p.queue(it)
	if it.payload = nil; cap(payload) <= keepScratch {
		*buf = payload
		scratch.Put(buf)
	}
	return fail
}

func (p *peer) count(r Reason) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.books.refuse(r)
}

// ready says why nothing can be sent now, and counts that it was tried.
func (p *peer) ready() *UndeliveredError {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.needed = true
	fail := p.unfit()
	if fail != nil {
		p.books.refuse(fail.Reason)
	}
	return fail
}

// unfit is ready for who holds mu.
func (p *peer) unfit() *UndeliveredError {
	switch p.state {
	case down:
		return &UndeliveredError{Reason: Dead, Err: p.fallen}
	case gone:
		return &UndeliveredError{Reason: Closed}
	}
	return nil
}

// queue puts a message into the queue.
func (p *peer) queue(it *item) *UndeliveredError {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.needed = true
	fail, size := p.unfit(), it.size()
	if fail == nil {
		fail = p.room(it, size)
	}
	if fail != nil {
		p.books.refuse(fail.Reason)
		return fail
	}
	p.out.add(it, size)
	p.books.accepted++
	p.handOver()
	return nil
}

// room says why it has no room. System messages must not get lost, or somebody would watch for ever: they
// have their own, and when that is full, too, the session ends. Caller holds mu.
func (p *peer) room(it *item, size int) *UndeliveredError {
	o, q, most := &p.out, &p.w.cfg.Queue, p.w.cfg.MaxMessage
	if p.their.most > 0 {
		most = p.their.most
	}
	switch {
	case int64(it.encoded()) > most || int64(size) > most+itemSlack:
		return &UndeliveredError{Reason: TooLarge}
	case it.system && o.queued < q.Messages+maxWatched:
		return nil
	case it.system:
		p.end(Clogged, down)
		return &UndeliveredError{Reason: Dead, Err: p.fallen}
	case o.queued >= q.Messages || o.queued > 0 && o.queuedBytes+size > q.Bytes:
		return &UndeliveredError{Reason: Full}
	}
	return nil
}

const (
	itemSlack  = 64 << 10  // bytes of names and headers beside the largest message
	frameSlack = 128 << 10 // and of everything else in its frame
)

func typeName(m any) string { return fmt.Sprintf("%T", m) }
