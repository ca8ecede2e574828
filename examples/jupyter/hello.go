package main

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// hello is what has to be seen before a kernel is ready: a reply on shell, anything on iopub, since what was
// published before the subscription got there is lost, and that the two other channels are connected.
type hello struct {
	id   string // of the last kernel_info_request
	info *kernelInfoReply
	seen [channels]bool
	done bool
}

func (h *hello) missing() string {
	if h.info == nil {
		return "no reply to kernel_info_request"
	}
	for _, ch := range []int{iopub, stdin, control} {
		if !h.seen[ch] {
			return "nothing seen of the channel " + channelNames[ch]
		}
	}
	return "nothing is missing"
}

// greet asks who the kernel is; answered with a reply on shell and a status on iopub. It asks again every
// second, as other clients do: a kernel may overlook what was there before it began to look.
func (s *session) greet(c actor.Context) {
	s.hello.id = s.request(c, shell, "kernel_info_request", header{}, struct{}{})
	s.after(c, time.Second, s.hello.id)
}

// connected is the event of a socket.
func (s *session) connected(c actor.Context) {
	for ch, pid := range s.channels {
		if c.Sender() != nil && c.Sender().Equal(pid) {
			s.hello.seen[ch] = true
		}
	}
	s.greeted(c)
}

// greeted tells the parent when the kernel is ready. A reply without anything on iopub came before the
// subscription did: then it asks again.
func (s *session) greeted(c actor.Context) {
	h := &s.hello
	switch {
	case h.done || h.info == nil || !h.seen[stdin] || !h.seen[control]:
	case !h.seen[iopub]:
		s.after(c, s.Probe, h.id)
	default:
		h.done = true
		c.Send(c.Parent(), ready{s.life, *h.info})
	}
}
