package main

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
)

// sockets are the five, by channel.
func sockets(conn *connection, id string, beat time.Duration, session *actor.PID) [channels]socket.Config {
	options := socket.Options{ReconnectInterval: 20 * time.Millisecond, Linger: 100 * time.Millisecond}
	to := func(typ int) socket.Config {
		cfg := socket.Config{Connect: []string{conn.endpoint(typ)}, Options: options}
		if typ == heartbeat {
			cfg.Type, cfg.ReplyTimeout = socket.Req, beat
			return cfg
		}
		cfg.Deliver, cfg.Events = socket.To(session), session
		cfg.Window, cfg.MaxMessage = window, maxMessage
		if typ == iopub {
			cfg.Type, cfg.Subscribe = socket.Sub, []string{""}
			return cfg
		}
		// A kernel asks for input on the stdin channel whoever has sent the cell on the shell channel: the two
		// need the same identity.
		cfg.Type, cfg.Options.Identity = socket.Dealer, id
		return cfg
	}
	return [channels]socket.Config{to(shell), to(iopub), to(stdin), to(control), to(heartbeat)}
}

// What may wait for the session: of each channel window messages, of maxMessage bytes at most.
const (
	window     = 32
	maxMessage = 8 << 20
)
