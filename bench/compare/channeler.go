//go:build czmq

package main

import (
	"os"

	"github.com/go-zeromq/goczmq/v4"
)

// channels is goczmq's Channeler: a socket behind two Go channels.
type channels struct{ push, pull *goczmq.Channeler }

func openChanneler() (mover, error) { return &channels{}, nil }

// boundOf is where this process listens: a Channeler does not say.
func boundOf() (string, error) { return awaitListener(os.Getpid(), patience) }

func (p *channels) receive(at string, bound func(string), c *check) error {
	p.pull = goczmq.NewPullChanneler(at)
	at, err := boundOf()
	if err != nil {
		return err
	}
	bound(at)
	for c.more() {
		select {
		case m := <-p.pull.RecvChan:
			c.see(m[0])
		case err := <-p.pull.ErrChan:
			return err
		}
	}
	return c.err
}

func (p *channels) send(at string, s series) error {
	p.push = goczmq.NewPushChanneler(at)
	for i := range s.count {
		select {
		case p.push.SendChan <- [][]byte{s.fresh(i)}: // it is read after this
		case err := <-p.push.ErrChan:
			return err
		}
	}
	return nil
}

func (p *channels) close() error {
	p.push.Destroy()
	p.pull.Destroy()
	return nil
}
