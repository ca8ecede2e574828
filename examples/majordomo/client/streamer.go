package client

import (
	"context"
	"fmt"
	"time"

	"github.com/sockeye-mq/sockeye/actors"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/examples/majordomo/mdp"
	"github.com/sockeye-mq/sockeye/messages"
)

// Streamer asks one request at a time over a DEALER, in MDP 0.2, and gets partial replies before the final
// one. A reply does not say which request it is to: after a try that was in vain there is another socket, as
// the RFC recommends, so that a late one is nobody's. One goroutine at a time may use it.
type Streamer struct {
	Config
	send, recv chan *messages.Message
}

// NewStreamer opens a Streamer. It fails on a wrong endpoint.
func NewStreamer(cfg Config) (*Streamer, error) {
	s := &Streamer{Config: cfg.withDefaults()}
	return s, s.open()
}

func (s *Streamer) open() error {
	s.send, s.recv = make(chan *messages.Message, 1), make(chan *messages.Message)
	_, err := actors.Splice(s.System, s.Thread, socket.Config{Type: socket.Dealer, Connect: []string{s.Broker},
		Options: socket.Options{ReconnectInterval: 20 * time.Millisecond}}, s.send, s.recv)
	return err
}

// Call returns the final reply of a service, and gives the partial ones to partial before, in order, anew
// with each try. The error is ErrNoReply when all tries were in vain: in each, nothing came for the
// timeout.
func (s *Streamer) Call(ctx context.Context, service string, partial func(try int, body [][]byte), body ...[]byte) ([][]byte, error) {
	m := mdp.Command{Version: mdp.V2, Role: mdp.Client, Kind: mdp.Request, Service: service, Body: body}
	for try := range s.Retries + 1 {
		s.send <- messages.Bytes(m.Frames()...) // one fits: there was none before, or its socket is gone
		final, err := s.replies(ctx, service, func(body [][]byte) { partial(try, body) })
		if final != nil {
			return final, nil
		}
		s.Close()
		if e := s.open(); e != nil {
			return nil, e
		}
		if err != nil {
			return nil, fmt.Errorf("call %s: %w", service, err)
		}
	}
	return nil, fmt.Errorf("call %s: %w, tried %d times", service, ErrNoReply, s.Retries+1)
}

// replies returns the final reply; nil when nothing comes for a while.
func (s *Streamer) replies(ctx context.Context, service string, partial func([][]byte)) ([][]byte, error) {
	silence := time.NewTimer(s.Timeout)
	defer silence.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-silence.C:
			return nil, nil
		case answer, ok := <-s.recv:
			if !ok {
				return nil, nil // the socket has failed too often
			}
			m, err := mdp.FromBroker(answer.Frames)
			switch {
			case err != nil:
				return nil, err
			case m.Role != mdp.Client || m.Service != service:
				return nil, fmt.Errorf("a reply of %q", m.Service)
			case m.Kind == mdp.Final:
				return m.Body, nil
			}
			partial(m.Body)
			silence.Reset(s.Timeout)
		}
	}
}

// Close closes the socket, and returns when it is gone.
func (s *Streamer) Close() {
	close(s.send)
	for range s.recv {
	}
}
