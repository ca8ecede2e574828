package main

import (
	"errors"
	"runtime"

	zmq "github.com/pebbe/zmq4"
)

// pebbe is the raw binding: one goroutine for each socket, locked to its OS thread.
type pebbe struct {
	ctx  *zmq.Context
	used chan *zmq.Socket // passes a socket on to close
}

func openPebbe() (mover, error) {
	ctx, err := zmq.NewContext()
	return &pebbe{ctx: ctx, used: make(chan *zmq.Socket, 2)}, err
}

func (p *pebbe) receive(at string, bound func(string), c *check) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s, err := p.bind(zmq.PULL, at, bound)
	if err != nil {
		return err
	}
	for c.more() {
		m, err := s.RecvBytes(0)
		if err != nil {
			return err
		}
		c.see(m)
	}
	p.used <- s
	return c.err
}

func (p *pebbe) send(at string, s series) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	push, err := p.ctx.NewSocket(zmq.PUSH)
	if err != nil {
		return err
	}
	if err := push.Connect(at); err != nil {
		return err
	}
	buf := make([]byte, s.size)
	for i := range s.count {
		if _, err := push.SendBytes(s.message(i, buf), 0); err != nil {
			return err
		}
	}
	p.used <- push
	return nil
}

// bind opens a socket and says where it is bound.
func (p *pebbe) bind(t zmq.Type, at string, bound func(string)) (*zmq.Socket, error) {
	s, err := p.ctx.NewSocket(t)
	if err != nil {
		return nil, err
	}
	if err := s.Bind(at); err != nil {
		return nil, err
	}
	at, err = s.GetLastEndpoint()
	if err != nil {
		return nil, err
	}
	bound(at)
	return s, nil
}

func (p *pebbe) close() error {
	var wrong []error
	close(p.used)
	for s := range p.used {
		wrong = append(wrong, s.Close())
	}
	return errors.Join(append(wrong, p.ctx.Term())...)
}
