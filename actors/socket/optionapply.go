package socket

import (
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/messages"
)

// merge returns o with every field that is set in over. A field cannot be set back to its zero
// value, a boolean not to false.
func (o Options) merge(over Options) Options {
	for _, r := range optionTable {
		if r.isSet(&over) {
			r.copy(&o, &over)
		}
	}
	return o
}

// withDefaults returns o with the defaults that are Sockeye's and not libzmq's own.
func (o Options) withDefaults() Options {
	return Options{Linger: time.Second, MaxMsgSize: messages.MaxFrame, Backlog: 8192}.merge(o)
}

// linger is Linger with its default, and 0 for NoLinger.
func (o *Options) linger() time.Duration {
	return max(o.withDefaults().Linger, 0)
}

// apply sets what is set in o, and Sockeye's own defaults, on s. logical is the type that o was
// checked for, native that of s: a Rep is a native ROUTER, a Pub without Conflate a native XPUB.
//
// apply runs on the ZeroMQ thread.
func (o *Options) apply(s *zmq.Socket, logical, native zmq.Type) error {
	full := o.withDefaults()
	if err := full.set(s); err != nil {
		return err
	}
	return full.applyPolicy(s, logical, native)
}

// set sets the fields of o that are set, and no defaults, on s.
//
// set runs on the ZeroMQ thread.
func (o *Options) set(s *zmq.Socket) error {
	for _, r := range optionTable {
		if r.set == nil || !r.isSet(o) {
			continue
		}
		if err := r.set(s, o); err != nil {
			return failed(r.name, err)
		}
	}
	return nil
}

// applyPolicy sets the options by which no message vanishes uncounted, unless o opts out.
func (o *Options) applyPolicy(s *zmq.Socket, logical, native zmq.Type) error {
	for _, p := range []struct {
		name string
		on   bool
		set  func() error
	}{
		{"ZMQ_ROUTER_MANDATORY", native == zmq.ROUTER && !o.DropUnroutable, func() error { return s.SetRouterMandatory(1) }},
		{"ZMQ_XPUB_NODROP", native == zmq.XPUB && !o.DropSlow, func() error { return s.SetXpubNodrop(true) }},
		// A Pub counts its subscribers, those that leave as well.
		{"ZMQ_XPUB_VERBOSER", native == zmq.XPUB && logical == zmq.PUB, func() error { return s.SetXpubVerboser(1) }},
		// Without both a REQ that gave up waiting never sends again (facts.md, Z9).
		{"ZMQ_REQ_CORRELATE", native == zmq.REQ && !o.NoCorrelate, func() error { return s.SetReqCorrelate(1) }},
		{"ZMQ_REQ_RELAXED", native == zmq.REQ && !o.NoCorrelate, func() error { return s.SetReqRelaxed(1) }},
	} {
		if !p.on {
			continue
		}
		if err := p.set(); err != nil {
			return failed(p.name, err)
		}
	}
	return nil
}
