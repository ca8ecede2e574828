package main

import (
	"context"
	"errors"
	"strings"

	zmtp "github.com/go-zeromq/zmq4"
)

// pure is github.com/go-zeromq/zmq4, which does without libzmq.
type pure struct{ push, pull zmtp.Socket }

func openPureGo() (mover, error) {
	ctx := context.Background()
	return &pure{push: zmtp.NewPush(ctx), pull: zmtp.NewPull(ctx)}, nil
}

// listen binds and says where. It knows no wildcard but port 0.
func listen(s zmtp.Socket, at string, bound func(string)) error {
	if err := s.Listen(strings.Replace(at, ":*", ":0", 1)); err != nil {
		return err
	}
	bound("tcp://" + s.Addr().String())
	return nil
}

func (p *pure) receive(at string, bound func(string), c *check) error {
	if err := listen(p.pull, at, bound); err != nil {
		return err
	}
	for c.more() {
		m, err := p.pull.Recv()
		if err != nil {
			return err
		}
		c.see(m.Bytes())
	}
	return c.err
}

func (p *pure) send(at string, s series) error {
	if err := p.push.Dial(at); err != nil {
		return err
	}
	buf := make([]byte, s.size)
	for i := range s.count {
		if err := p.push.Send(zmtp.NewMsg(s.message(i, buf))); err != nil { // writes before it returns
			return err
		}
	}
	return nil
}

func (p *pure) close() error { return errors.Join(p.push.Close(), p.pull.Close()) }
