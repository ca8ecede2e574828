package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
)

// teller is the actor that prints, in the order in which things reach it. It gets the events of the
// client's socket as well: a request that is sent again is a failure of the socket, like any other.
type teller struct {
	out     io.Writer
	began   time.Time
	retries int
	err     error // of out
}

// line is one to print.
type line struct{ who, what string }

func (t *teller) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case line:
		t.print(m)
	case *socket.Failed:
		if no := new(socket.NoReplyError); errors.As(m.Err, &no) {
			t.retries++
			t.print(line{"", fmt.Sprintf("no reply within %v, try %d: again, on a new socket", no.Within, no.Try)})
			return
		}
		t.print(line{"", m.String()})
	}
}

func (t *teller) print(l line) {
	_, err := fmt.Fprintf(t.out, "%7.3f  %-6s  %s\n", time.Since(t.began).Seconds(), l.who, l.what)
	if t.err == nil {
		t.err = err
	}
}
