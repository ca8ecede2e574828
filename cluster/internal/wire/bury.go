package wire

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
)

// bury tells everybody who is concerned that a session has ended: who waits for answers, who watches, then
// the event stream, and what was queued goes to dead letters.
func (w *Wire) bury(e *estate, waiting map[string]*actor.PID, tell bool) {
	why := &UndeliveredError{Reason: Dead, Err: e.down}
	if e.ours {
		why.Reason = Closed
	}
	for id, target := range waiting {
		if w.waiting.answered(id) {
			w.fail(w.system.NewLocalPID(id), &UndeliveredError{target, why.Reason, why.Err})
		}
	}
	for b := range e.watching {
		w.terminate(e.address, b)
	}
	for b := range e.watched {
		if local, ok := w.system.ProcessRegistry.GetLocal(b.who); ok {
			local.SendSystemMessage(w.system.NewLocalPID(b.who), &actor.Unwatch{Watcher: actor.NewPID(e.address, b.watcher)})
		}
	}
	if tell {
		w.publish(e.down)
	}
	w.deadLetters(e.address, e.frames, func(n uint64) (Reason, error) {
		switch {
		case n < e.acked:
			return 0, nil
		case n < e.sent:
			return Unconfirmed, e.down
		}
		return why.Reason, why.Err
	})
}

// terminate tells a watcher of this system that whom it watched is gone with its address.
func (w *Wire) terminate(address string, b bond) {
	if local, ok := w.system.ProcessRegistry.GetLocal(b.watcher); ok {
		w.careful("telling a watcher", func() {
			local.SendSystemMessage(w.system.NewLocalPID(b.watcher),
				&actor.Terminated{Who: actor.NewPID(address, b.who), Why: actor.TerminatedReason_AddressTerminated})
		})
	}
}

// deadLetters decodes frames that were never confirmed and makes dead letters of their messages. reason says
// why, by the message's number; 0: it was delivered. System messages are only counted: who watches was told.
func (w *Wire) deadLetters(address string, frames []*frame, reason func(n uint64) (Reason, error)) {
	for _, f := range frames {
		r := reader{rest: f.data[headerSize:], here: address}
		for i := range f.count {
			it, err := r.next()
			if err != nil {
				w.complain(address, "was sent a frame that cannot be read", err)
				break
			}
			why, because := reason(f.first + uint64(i))
			if why == 0 || it.system {
				continue
			}
			m, err := deserialize(it.typ, it.payload)
			if err != nil {
				m = &Unreadable{it.typ, append([]byte(nil), it.payload...)}
			}
			sender := it.sender
			if w.waits(sender) && !w.waiting.answered(sender.Id) {
				sender = nil // has been told that the peer is dead
			}
			w.undelivered(it.target, headers(it.headers), m, sender, &UndeliveredError{it.target, why, because})
		}
	}
}

// Unreadable stands in a dead letter for a message of a type that is not registered in this process, though it
// was sent by it.
type Unreadable struct {
	Type string
	Data []byte
}

// headers is a message's header as Proto.Actor has it.
type headers map[string]string

func (h headers) Get(key string) string    { return h[key] }
func (h headers) Length() int              { return len(h) }
func (h headers) ToMap() map[string]string { return h }
func (h headers) Keys() (all []string) {
	for k := range h {
		all = append(all, k)
	}
	return all
}

// undelivered makes a dead letter of a message, and says why beside it. A sender who waits is answered.
func (w *Wire) undelivered(target *actor.PID, header actor.ReadonlyMessageHeader, m any, sender *actor.PID, err *UndeliveredError) {
	w.careful("publishing a dead letter", func() {
		w.system.EventStream.Publish(&Undelivered{m, sender, err})
	})
	if w.waits(sender) {
		w.fail(sender, err)
		sender = nil
	}
	e := &actor.MessageEnvelope{Message: m, Sender: sender}
	if header != nil && header.Length() > 0 {
		e.Header = header.ToMap()
	}
	w.careful("publishing a dead letter", func() { w.system.DeadLetter.SendUserMessage(target, e) })
}

// fail answers somebody of this system who waits for an answer from target.
func (w *Wire) fail(who *actor.PID, err *UndeliveredError) {
	var answer any = &actor.DeadLetterResponse{Target: err.Target}
	if !isFuture(who.Id) {
		answer = err
	}
	w.careful("answering a request", func() { w.root.Send(who, answer) })
}

// publish tells the log and the event stream of a peer.
func (w *Wire) publish(event fmt.Stringer) {
	w.log().Info("sockeye: wire: "+event.String(), "wire", w.address)
	w.careful("publishing an event", func() { w.system.EventStream.Publish(event) })
}

// careful runs f, which may run somebody else's code.
func (w *Wire) careful(what string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			w.log().Error("sockeye: panic while "+what, "wire", w.address, "panic", r)
		}
	}()
	f()
}
