package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/examples/majordomo/client"
	"github.com/sockeye-mq/sockeye/examples/majordomo/pulse"
	"github.com/sockeye-mq/sockeye/examples/titanic/tsp"
)

// dispatcher is the actor that has pending requests carried out, one at a time: a new one at once, and all
// that did not come through again and again. It knows of nothing but what is in the store, and waits for
// each reply: its mailbox has the new ones meanwhile, of which the store allows so many.
//
// A request is carried out once more when the process dies between that and the reply's being on the disk.
type dispatcher struct {
	ctx    context.Context // ends what it waits for
	store  *store
	log    *slog.Logger
	every  time.Duration
	client client.Config

	caller *client.Caller
	pulse  pulse.Pulse
}

// Receive implements actor.Actor.
func (d *dispatcher) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		d.caller = client.NewCaller(d.client)
		d.pulse.Start(c, d.every)
	case *actor.Stopping, *actor.Restarting:
		d.pulse.Stop()
		d.caller.Close()
	case tsp.ID:
		if d.ctx.Err() == nil {
			d.try(m)
		}
	case pulse.Tick:
		if _, ok := d.pulse.Take(c, m); ok {
			d.round()
		}
	}
}

// round tries all that is pending, but what is for a service that is not there.
func (d *dispatcher) round() {
	there := map[string]bool{}
	for id, service := range d.store.pending() {
		if d.ctx.Err() != nil {
			return
		}
		if _, known := there[service]; !known {
			there[service] = d.provided(service)
		}
		if there[service] {
			there[service] = d.try(id)
		}
	}
}

// provided asks the broker whether there is a worker (RFC 8).
func (d *dispatcher) provided(service string) bool {
	reply, err := d.caller.Call(d.ctx, "mmi.service", []byte(service))
	return err == nil && string(reply[0]) == "200"
}

// try has one request carried out, and reports whether it was, or need not be.
func (d *dispatcher) try(id tsp.ID) bool {
	service, body, err := d.store.request(id)
	if errors.Is(err, errUnknown) {
		return true // closed, or done by a round before its turn came
	}
	var reply [][]byte
	if err == nil {
		if reply, err = d.caller.Call(d.ctx, service, body...); err != nil {
			return false // later
		}
		err = d.store.answer(id, reply)
	}
	if err != nil {
		d.log.Error("dispatch", "error", err)
	}
	return err == nil
}
