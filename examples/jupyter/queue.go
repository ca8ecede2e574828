package main

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// execute queues a cell, whether there is a kernel or not.
func (k *kernel) execute(c actor.Context, e *Execute) {
	switch {
	case k.over || len(k.closers) > 0:
		answerTo(c, c.Sender(), &goneError{k.why})
		return
	case len(k.waiting) >= k.Queue:
		answerTo(c, c.Sender(), errFull)
		return
	}
	k.cells++
	k.waiting = append(k.waiting, waiting{run{k.cells, e, c.Self()}, c.Sender()})
	k.next(c)
}

// next runs the next cell, if there is a kernel that has nothing to do.
func (k *kernel) next(c actor.Context) {
	if k.up == nil || k.running != nil || len(k.waiting) == 0 {
		return
	}
	w := k.waiting[0]
	k.waiting = slices.Delete(k.waiting, 0, 1)
	k.running = &w
	c.Send(k.up.session, w.run)
}

func (k *kernel) ran(c actor.Context, m ran) {
	if k.up == nil || k.running == nil || m.life != k.up.life || m.number != k.running.number {
		return // it is lost already
	}
	answerTo(c, k.running.asker, m.outcome)
	k.running = nil
	k.next(c)
}

// down is told twice, when a life fails and when it ends: not always does the first come.
func (k *kernel) down(c actor.Context, m down) {
	if m.life > k.told {
		k.told, k.why = m.life, m.err
		k.tell(c, m)
		if len(k.closers) > 0 && !k.over {
			c.Send(k.life, leave{}) // to the next life, if there is one by now
		}
	}
	if k.up == nil || k.up.life != m.life {
		return
	}
	k.up = nil
	if k.running != nil {
		answerTo(c, k.running.asker, &lostError{m.life, k.why})
		k.running = nil
	}
}

// gone is the end: everybody who waits is told.
func (k *kernel) gone(c actor.Context) {
	if k.over {
		return
	}
	if k.over = true; k.running != nil {
		k.waiting = slices.Insert(k.waiting, 0, *k.running)
	}
	for _, w := range k.waiting {
		answerTo(c, w.asker, &goneError{k.why})
	}
	for _, closer := range k.closers {
		answerTo(c, closer, &messages.Done{})
	}
	k.up, k.running, k.waiting, k.closers = nil, nil, nil, nil
	k.tell(c, gone{})
}

func (k *kernel) interrupt(c actor.Context) {
	if k.up == nil || k.running == nil {
		answerTo(c, c.Sender(), errIdle)
		return
	}
	c.RequestWithCustomSender(k.up.session, interrupt{c.Sender()}, c.Sender())
}

// cancelled is a caller that has given up: its cell does not run, or not on.
func (k *kernel) cancelled(c actor.Context) {
	asker := c.Sender()
	k.waiting = slices.DeleteFunc(k.waiting, func(w waiting) bool { return w.asker.Equal(asker) })
	if k.running != nil && k.running.asker.Equal(asker) {
		k.running.asker = nil
		c.Send(k.up.session, interrupt{})
	}
}

// maxClosers bounds who may wait for the end.
const maxClosers = 16

func (k *kernel) shutdown(c actor.Context) {
	switch {
	case k.over:
		answerTo(c, c.Sender(), &messages.Done{})
	case len(k.closers) >= maxClosers:
		answerTo(c, c.Sender(), errFull)
	default:
		k.closers = append(k.closers, c.Sender())
		c.Send(k.life, leave{})
	}
}
