package main

import (
	"syscall"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// interrupt is for the session. Who asked, if anybody, gets *messages.Done or an error.
type interrupt struct{ asker *actor.PID }

// maxInterrupts bounds how many may wait, for the cell to begin or for the kernel to answer.
const maxInterrupts = 16

// interrupt waits for the cell to begin: before, a kernel does not listen.
func (s *session) interrupt(c actor.Context, asker *actor.PID) {
	switch {
	case s.cell == nil:
		answerTo(c, asker, errIdle)
	case len(s.interrupted)+len(s.interrupts) >= maxInterrupts:
		answerTo(c, asker, errFull)
	default:
		s.interrupted = append(s.interrupted, asker)
		if s.cell.began {
			s.interruptNow(c)
		}
	}
}

// interruptNow interrupts for all who wait for that, in the way that the kernelspec says.
func (s *session) interruptNow(c actor.Context) {
	for _, asker := range s.interrupted {
		if s.Spec.InterruptMode == byMessage {
			s.interrupts[s.request(c, control, "interrupt_request", header{}, struct{}{})] = asker
			continue
		}
		c.Send(s.process, strike{syscall.SIGINT})
		answerTo(c, asker, &messages.Done{})
	}
	s.interrupted = nil
}

// controlled is for what comes on control.
func (s *session) controlled(c actor.Context, m *message) {
	asker, ok := s.interrupts[m.Parent.ID]
	switch {
	case m.Header.Type == "shutdown_reply": // what matters is that the process ends
	case m.Header.Type == "interrupt_reply" && ok:
		delete(s.interrupts, m.Parent.ID)
		answerTo(c, asker, &messages.Done{})
	default:
		s.counts.late.Add(1)
	}
}

func answerTo(c actor.Context, asker *actor.PID, answer any) {
	if asker != nil {
		c.Send(asker, answer)
	}
}
