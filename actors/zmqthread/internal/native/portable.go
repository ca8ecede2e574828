package native

import (
	"fmt"
	"slices"
	"time"

	zmq "github.com/pebbe/zmq4"
)

// portable is zmq_poll over all sockets. It is level-triggered, so it must be told what is wanted.
type portable struct {
	poller  *zmq.Poller
	watched []*watched
	dirty   bool // poller does not know watched as it is now
}

type watched struct {
	socket Socket
	token  any
	want   zmq.State
}

func newPortable() *portable { return &portable{poller: zmq.NewPoller()} }

func (p *portable) Add(s Socket, token any) error {
	p.watched = append(p.watched, &watched{s, token, zmq.POLLIN})
	p.dirty = true
	return nil
}

func (p *portable) index(s Socket) int {
	return slices.IndexFunc(p.watched, func(w *watched) bool { return w.socket == s })
}

func (p *portable) Want(s Socket, events zmq.State) {
	if i := p.index(s); i >= 0 && p.watched[i].want != events {
		p.watched[i].want, p.dirty = events, true
	}
}

func (p *portable) Remove(s Socket) {
	if i := p.index(s); i >= 0 {
		p.watched = slices.Delete(p.watched, i, i+1)
		p.dirty = true
	}
}

func (p *portable) Wait(block bool, ready func(any)) error {
	if p.dirty {
		p.poller = zmq.NewPoller()
		for _, w := range p.watched {
			p.poller.Add(w.socket.Raw(), w.want)
		}
		p.dirty = false
	}
	timeout := timeoutNone
	if block {
		timeout = timeoutForever
	}
	polled, err := p.poller.PollAll(timeout)
	if err != nil {
		return fmt.Errorf("zmq_poll: %w", Wrap(err))
	}
	watched := slices.Clone(p.watched) // ready may add and remove
	for i, q := range polled {
		if q.Events != 0 {
			ready(watched[i].token)
		}
	}
	return nil
}

// pebbe rounds shorter positive timeouts down and restarts them after EINTR (facts Z4): none is used.
const timeoutNone, timeoutForever = time.Duration(0), time.Duration(-1)

func (p *portable) Close() error { return nil }
