package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sockeye-mq/sockeye/examples/majordomo/client"
	"github.com/sockeye-mq/sockeye/examples/titanic/tsp"
)

// statusError is a status other than the one that was hoped for.
type statusError struct {
	service string
	status  tsp.Status
}

func (e *statusError) Error() string { return fmt.Sprintf("%s: status %d", e.service, int(e.status)) }

// passenger is a client of TSP. It asks on and on until ctx is over: there may be no titanic now.
type passenger struct {
	*client.Caller
	pause time.Duration // after a reply that says later
}

// call asks one of titanic's services until there is a reply other than "later".
func (p *passenger) call(ctx context.Context, service string, body ...[]byte) ([][]byte, error) {
	for {
		reply, err := p.Call(ctx, service, body...)
		status, rest := tsp.Error, [][]byte(nil)
		if err == nil {
			status, rest, err = tsp.DecodeReply(reply)
		}
		switch {
		case errors.Is(err, client.ErrNoReply):
		case err != nil:
			return nil, err
		case status == tsp.OK:
			return rest, nil
		case status == tsp.Unknown:
			return nil, &statusError{service, status}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(p.pause):
		}
	}
}

// request has a request stored, and returns its UUID as it came. When the answer is lost it is stored
// again, under another UUID: nobody knows of the first.
func (p *passenger) request(ctx context.Context, service string, body ...[]byte) ([]byte, error) {
	rest, err := p.call(ctx, tsp.RequestService, append([][]byte{[]byte(service)}, body...)...)
	if err == nil && len(rest) != 1 {
		err = &tsp.MalformedError{Why: "not one UUID", Frames: len(rest)}
	}
	if err != nil {
		return nil, err
	}
	return rest[0], nil
}

// reply returns the reply to a request that was stored, when there is one.
func (p *passenger) reply(ctx context.Context, uuid []byte) ([][]byte, error) {
	return p.call(ctx, tsp.ReplyService, uuid)
}

// done has request and reply deleted.
func (p *passenger) done(ctx context.Context, uuid []byte) error {
	_, err := p.call(ctx, tsp.CloseService, uuid)
	return err
}
