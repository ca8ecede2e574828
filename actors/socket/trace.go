package socket

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/messages"
)

// Trace says whether a socket carries the trace context of W3C (https://www.w3.org/TR/trace-context/) to
// and from its peers. Among actors it is the headers "traceparent" and "tracestate" of a message: a
// socket takes them from what is sent to it, and what it delivers has them. docs/traces.md has the wire.
type Trace int

const (
	// TraceOff carries nothing: no byte on the wire differs, and headers are ignored.
	TraceOff Trace = iota
	// TraceRequests carries it in the envelope of requests, which every REP sends back untouched and
	// every ROUTER that returns envelopes as it got them: peers need not know it. That is what a Req
	// sends, and what messages.Ask and Futures send on a Dealer. Only Req, Rep, Dealer and Router.
	TraceRequests
	// TraceFrames is TraceRequests, and puts one more frame behind every other message that has a
	// context. Both ends must have set it; a peer that has not gets that frame. Not with Req, Rep
	// and Stream.
	TraceFrames
)

func (t Trace) String() string {
	switch t {
	case TraceOff:
		return "off"
	case TraceRequests:
		return "requests"
	case TraceFrames:
		return "frames"
	}
	return fmt.Sprintf("Trace(%d)", int(t))
}

func (c *Config) checkTrace() error {
	wrong := func(why string) error { return &ConfigError{"Trace", c.Trace.String(), why} }
	strict := c.Type == Req || c.Type == Rep
	requests := strict || c.Type == Dealer || c.Type == Router
	switch {
	case c.Trace == TraceOff:
		return nil
	case c.Trace != TraceRequests && c.Trace != TraceFrames:
		return wrong("neither TraceOff, TraceRequests nor TraceFrames")
	case c.Type == zmq.STREAM:
		return wrong("a STREAM's peers do not speak ZeroMQ")
	case c.Trace == TraceRequests && !requests:
		return wrong("a " + known[c.Type] + " has no requests; TraceFrames, if all of its peers know it")
	case c.Trace == TraceFrames && strict:
		return wrong("a " + known[c.Type] + " has nothing but requests and replies: TraceRequests")
	case strict && c.adopted():
		return wrong("the envelope of an adopted " + known[c.Type] + " is libzmq's")
	case c.Options.NoCorrelate:
		return wrong("Options.NoCorrelate is for peers that want no envelope")
	case c.Options.Conflate && c.Trace == TraceFrames:
		return wrong("Options.Conflate keeps one frame, and the context is another")
	case c.Options.MaxMsgSize > 0 && c.Options.MaxMsgSize < int64(maxTraceFrame):
		return &ConfigError{"Options.MaxMsgSize", c.Options.MaxMsgSize,
			fmt.Sprintf("with Trace it is %d at least, for its frame", maxTraceFrame)}
	}
	return nil
}

// tails reports whether messages get a frame behind them. Immutable.
func (b *box) tails() bool { return b.cfg.Trace == TraceFrames }

// wraps reports whether something is put around messages, so that they cannot be packed as they are.
// Immutable.
func (b *box) wraps() bool { return b.cfg.Trace != TraceOff && (b.tails() || b.cfg.Type == Req) }

func (b *box) isPlain() bool {
	_, p := b.pattern.(plain)
	return p && !b.wraps()
}

// originOf is who has sent what came in such an envelope of Proto.Actor's, and the context that it has brought
// along.
func (b *box) originOf(from *actor.PID, request uint32, envelope any) *origin {
	o := newOrigin(from, request)
	if b.cfg.Trace == TraceOff {
		return o
	}
	t := contextOf(envelope)
	switch {
	case t == nil:
		return o
	case o == nil:
		o = &origin{}
	}
	o.trace = t
	return o
}

// context is that of what was sent; nil: it has none.
func (o *origin) context() *traceContext {
	if o == nil {
		return nil
	}
	return o.trace
}

// arrived says what becomes of m, and which trace it belongs to. Runs in the socket actor.
func (b *box) arrived(m *messages.Message) arrival {
	if !b.tails() {
		return b.pattern.arrived(b, m)
	}
	t := b.cutTail(m)
	if int64(m.Size()) > b.cfg.MaxMessage { // what was received had room for a tail
		return arrival{drop: tooLarge}
	}
	a := b.pattern.arrived(b, m)
	if t != nil {
		a.trace = t
	}
	return a
}

// deliver sends a receiver what has arrived.
func (b *box) deliver(to *actor.PID, a arrival) {
	switch {
	case a.trace != nil:
		b.system.Root.Send(to, a.trace.envelope(a.message, a.sender))
	case a.sender != nil:
		b.system.Root.RequestWithCustomSender(to, a.message, a.sender)
	default:
		b.system.Root.Send(to, a.message)
	}
}

// traceIn is the context in an envelope that begins with an identity or a number, and ends in an empty frame;
// nil: there is none.
func (b *box) traceIn(envelope [][]byte) *traceContext {
	n := len(envelope)
	if b.cfg.Trace == TraceOff || n < 3 {
		return nil
	}
	return readEnvelopeTrace(envelope[n-2])
}
