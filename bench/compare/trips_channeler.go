//go:build czmq

package main

import "github.com/go-zeromq/goczmq/v4"

// channelTrips are those of goczmq's Channeler.
type channelTrips struct{}

func newChannelerTrips() (asker, error) { return channelTrips{}, nil }

func (channelTrips) serve(at string, bound func(string)) error {
	rep := goczmq.NewRepChanneler(at)
	at, err := boundOf()
	if err != nil {
		return err
	}
	bound(at)
	for {
		select {
		case m := <-rep.RecvChan:
			rep.SendChan <- m
		case err := <-rep.ErrChan:
			return err
		}
	}
}

func (channelTrips) ask(at string, t *journey) error {
	req := goczmq.NewReqChanneler(at)
	return t.each(func(request []byte) ([]byte, error) {
		req.SendChan <- [][]byte{request}
		select {
		case m := <-req.RecvChan:
			return m[0], nil
		case err := <-req.ErrChan:
			return nil, err
		}
	})
}

func (channelTrips) close() error { return nil }
