package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/plain"
)

var types = map[string]func(context.Context, ...zmq4.Option) zmq4.Socket{
	"REQ": zmq4.NewReq, "REP": zmq4.NewRep, "DEALER": zmq4.NewDealer, "ROUTER": zmq4.NewRouter,
	"PUB": zmq4.NewPub, "SUB": zmq4.NewSub, "XPUB": zmq4.NewXPub, "XSUB": zmq4.NewXSub,
	"PUSH": zmq4.NewPush, "PULL": zmq4.NewPull, "PAIR": zmq4.NewPair,
}

// open opens a socket for each address and says where they are.
func open(j job) (sockets []zmq4.Socket) {
	addresses, binds := j.Connect, false
	if len(j.Bind) > 0 {
		addresses, binds = j.Bind, true
	}
	for name := range j.Options {
		switch name {
		case "SNDHWM", "ROUTER_MANDATORY": // its queues have no bound, or send at once and wait
		default:
			unsupported("no option like %s", name)
		}
	}
	var at []string
	for i, address := range addresses {
		s := types[j.Types[i%len(j.Types)]](context.Background(), options(j, i)...)
		if binds {
			check(s.Listen(address))
			scheme, _, _ := strings.Cut(address, "://")
			address = scheme + "://" + s.Addr().String()
		} else {
			dial(s, address, j.Security != nil)
		}
		sockets, at = append(sockets, s), append(at, address)
	}
	say(event{At: at})
	return sockets
}

// dial connects, and waits for the handshake. One that is secure may be refused, which is no end: the
// test wants to see that nothing comes.
func dial(s zmq4.Socket, address string, secure bool) {
	err := s.Dial(address)
	if err != nil && secure {
		say(event{At: []string{address}})
		fmt.Fprintln(os.Stderr, err)
		select {}
	}
	check(err)
}

// options are those of socket i.
func options(j job, i int) []zmq4.Option {
	all := []zmq4.Option{zmq4.WithDialerRetry(10 * time.Millisecond), zmq4.WithDialerMaxRetries(-1)}
	if len(j.Identities) > 0 {
		var id []byte
		for _, r := range j.Identities[i] {
			id = append(id, byte(r))
		}
		all = append(all, zmq4.WithID(id))
	}
	if s := j.Security; s != nil {
		if s.Mechanism != "PLAIN" {
			unsupported("no %s", s.Mechanism)
		}
		all = append(all, zmq4.WithSecurity(plain.Security(s.Username, s.Password)))
	}
	return all
}

// mail is a message and the number of the socket it came to.
type mail struct {
	from   int
	frames [][]byte
}

// receive reads the sockets into one channel.
func receive(sockets []zmq4.Socket) <-chan mail {
	all := make(chan mail)
	for i, s := range sockets {
		go func() {
			for {
				m, err := s.Recv()
				if err != nil {
					return // the other side is gone; the test knows what it still waits for
				}
				all <- mail{i, m.Frames}
			}
		}()
	}
	return all
}

func send(s zmq4.Socket, frames ...[]byte) { check(s.Send(zmq4.NewMsgFrom(frames...))) }
