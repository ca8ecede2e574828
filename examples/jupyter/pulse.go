package main

import (
	"errors"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// pulse is the actor that asks the kernel whether it is there. A kernel echoes heartbeats also while a
// cell keeps it busy, unless its process does not run at all.
type pulse struct {
	config
	life int
	to   *actor.PID // a REQ whose ReplyTimeout is config.Beat

	n      int
	missed int
}

// beat has the next heartbeat sent.
type beat struct{}

func (p *pulse) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started, beat:
		p.n++
		c.Request(p.to, messages.Text(strconv.Itoa(p.n)))
	case *messages.Message:
		if m.Text() != strconv.Itoa(p.n) {
			p.miss(c, p.Beat)
			return
		}
		p.missed = 0
		p.again(c, p.Beat)
	case *messages.Rejected:
		if errors.Is(m, messages.ErrTimedOut) {
			p.miss(c, 0)
			return
		}
		p.miss(c, p.Beat) // the socket is being opened anew
	case *actor.DeadLetterResponse: // or has been given up
		p.miss(c, p.Beat)
	}
}

// miss is one heartbeat without an answer. The next is due after a pause.
func (p *pulse) miss(c actor.Context, pause time.Duration) {
	if p.missed++; p.missed >= p.Beats {
		c.Send(c.Parent(), silent{p.life, &silentError{p.missed, p.Beat}})
		return
	}
	p.again(c, pause)
}

func (p *pulse) again(c actor.Context, pause time.Duration) {
	root, self := c.ActorSystem().Root, c.Self()
	time.AfterFunc(pause, func() { root.Send(self, beat{}) })
}
