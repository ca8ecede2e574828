package main

import (
	"context"
	"runtime"

	zmtp "github.com/go-zeromq/zmq4"
	zmq "github.com/pebbe/zmq4"
)

// pebbeTrips are blocking calls of the raw binding. Whoever is still blocked when the process ends
// keeps its socket: there is nothing to flush.
type pebbeTrips struct{ pebbe }

func newPebbeTrips() (asker, error) {
	ctx, err := zmq.NewContext()
	return &pebbeTrips{pebbe{ctx: ctx}}, err
}

func (p *pebbeTrips) serve(at string, bound func(string)) error {
	runtime.LockOSThread()
	s, err := p.bind(zmq.REP, at, bound)
	if err != nil {
		return err
	}
	for {
		m, err := s.RecvBytes(0)
		if err != nil {
			return err
		}
		if _, err := s.SendBytes(m, 0); err != nil {
			return err
		}
	}
}

func (p *pebbeTrips) ask(at string, t *journey) error {
	runtime.LockOSThread()
	s, err := p.ctx.NewSocket(zmq.REQ)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Connect(at); err != nil {
		return err
	}
	return t.each(func(request []byte) ([]byte, error) {
		if _, err := s.SendBytes(request, 0); err != nil {
			return nil, err
		}
		return s.RecvBytes(0)
	})
}

func (p *pebbeTrips) close() error { return nil }

// pureTrips are those of go-zeromq.
type pureTrips struct{}

func newPureTrips() (asker, error) { return pureTrips{}, nil }

func (pureTrips) serve(at string, bound func(string)) error {
	s := zmtp.NewRep(context.Background())
	if err := listen(s, at, bound); err != nil {
		return err
	}
	for {
		m, err := s.Recv()
		if err != nil {
			return err
		}
		if err := s.Send(m); err != nil {
			return err
		}
	}
}

func (pureTrips) ask(at string, t *journey) error {
	s := zmtp.NewReq(context.Background())
	defer s.Close()
	if err := s.Dial(at); err != nil {
		return err
	}
	return t.each(func(request []byte) ([]byte, error) {
		if err := s.Send(zmtp.NewMsg(request)); err != nil {
			return nil, err
		}
		m, err := s.Recv()
		return m.Bytes(), err
	})
}

func (pureTrips) close() error { return nil }
