package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"time"

	zmq "github.com/pebbe/zmq4"
)

const (
	frames    = 20
	frameSize = 100_000
)

func endpoint(transport string) string {
	if transport == "ipc" {
		return fmt.Sprintf("ipc://%s/sockeye-close-%d", os.TempDir(), os.Getpid())
	}
	return "tcp://127.0.0.1:*"
}

// plain closes both ends with nothing but libzmq: the sender, which is bound, with a linger in
// milliseconds, and the receiver, which reads nothing, at the same moment.
func plain(linger int, unbind bool) func(transport string) error {
	return func(transport string) error {
		ctx, err := zmq.NewContext()
		if err != nil {
			return err
		}
		push, err := ctx.NewSocket(zmq.PUSH)
		if err != nil {
			return err
		}
		pull, err := ctx.NewSocket(zmq.PULL)
		if err != nil {
			return err
		}
		push.SetSndhwm(2)
		pull.SetRcvhwm(2)
		push.SetLinger(time.Duration(linger) * time.Millisecond)
		pull.SetLinger(0)
		if err := push.Bind(endpoint(transport)); err != nil {
			return err
		}
		at, _ := push.GetLastEndpoint()
		if err := pull.Connect(at); err != nil {
			return err
		}
		if err := fill(push); err != nil {
			return err
		}
		if unbind {
			push.Unbind(at)
		}
		ends := []*zmq.Socket{push, pull}
		rand.Shuffle(2, func(i, j int) { ends[i], ends[j] = ends[j], ends[i] })
		for _, s := range ends {
			s.Close()
		}
		return ctx.Term()
	}
}

// fill sends until nothing more is taken.
func fill(s *zmq.Socket) error {
	body := make([]byte, frameSize)
	for full := 0; full < 20; {
		for i := range frames {
			flags := zmq.Flag(0)
			if i == 0 {
				flags = zmq.DONTWAIT
			}
			if i < frames-1 {
				flags |= zmq.SNDMORE
			}
			_, err := s.SendBytes(body, flags)
			if zmq.AsErrno(err) == zmq.Errno(syscall.EAGAIN) {
				full++
				time.Sleep(time.Millisecond)
				break
			}
			if err != nil {
				return err
			}
			full = 0
		}
	}
	return nil
}
