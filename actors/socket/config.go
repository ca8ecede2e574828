package socket

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"
)

// Socket types, as in zmq_socket(3).
const (
	Req    = zmq.REQ
	Rep    = zmq.REP
	Dealer = zmq.DEALER
	Router = zmq.ROUTER
	Pub    = zmq.PUB
	Sub    = zmq.SUB
	XPub   = zmq.XPUB
	XSub   = zmq.XSUB
	Push   = zmq.PUSH
	Pull   = zmq.PULL
	Pair   = zmq.PAIR
	Stream = zmq.STREAM
)

// Config describes a socket: everything that is needed to open it, and to open it again after a
// failure. It is a plain value; the zero value of every field is a default.
type Config struct {
	// Type is what kind of socket it is. ZeroMQ numbers its types from Pair, which is 0.
	Type zmq.Type

	// Bind and Connect are endpoints: "tcp://127.0.0.1:5555", "ipc:///tmp/x", "inproc://x".
	// A port that a wildcard bind got ("tcp://127.0.0.1:*") is kept when the socket is reopened.
	Bind    []string
	Connect []string

	// Subscribe are the topics of a Sub or XSub. A topic is a prefix; "" is everything. A Sub
	// without topics receives nothing. A topic has 4,096 bytes at most.
	Subscribe []string

	// Deliver says who gets what arrives. Without receivers a socket is not read, so that its
	// peers feel backpressure; except a Req's and a Dealer's, which waits for replies.
	Deliver Receivers

	// OnDead says what happens when a receiver dies. Default StopSocket.
	OnDead OnDead

	// Outbox bounds what may wait to be sent. A message that is larger than all of it is
	// accepted when the outbox is empty.
	Outbox Limit

	// Overflow says what happens to a message that finds the outbox full. Default Reject.
	Overflow Overflow

	// Window is how many messages may be delivered to one receiver and not yet processed by it.
	// Then the socket is not read any more, ZeroMQ's high-water mark fills, and the far sender
	// feels it. Default 1,024, or 8 × Batch if that is more.
	Window int

	// Batch > 0 delivers *messages.Batch, each of up to so many messages, instead of
	// *messages.Message. Not with Req and Rep.
	Batch int

	// Coalesce sends what is queued as one message of ZeroMQ's: several times as many small messages get
	// through. Both ends must have set it, which nothing checks for a sender; what a receiver gets from
	// others is dropped, counted, and told to Events as NotCoalesced. Order and frames are kept, and
	// nothing waits for more to come. ZeroMQ then counts in up to 64 KiB: the high-water marks, 64 by
	// default, and what PUSH and DEALER deal out in turn to several peers. Only Push, Pull, Pair and
	// Dealer; Window is 2,048 at least. See docs/coalesce.md.
	Coalesce bool

	// MaxMessage is the size of the largest message, all frames together, in bytes. A larger one
	// is rejected when sent, and skipped and counted when received. Default and most:
	// messages.MaxFrame for each frame.
	MaxMessage int64

	// ReplyTimeout is how long a request may stay unanswered. Req: its sender gets
	// messages.Rejected, and the next request its turn. Rep: the request is given up, an answer
	// that comes later is rejected, and Events gets Unanswered. Router, Stream: its route is
	// forgotten, see messages.Reply. Default 30 s.
	ReplyTimeout time.Duration

	// Retries makes a Req send a request again that was not answered within ReplyTimeout, so many
	// times: the socket fails with a *NoReplyError, and its supervisor has it opened anew, which is the
	// Guide's Lazy Pirate (chapter 4). Each try is a failure that the supervisor counts. After the
	// last the sender gets messages.Rejected as without. Requests may be executed more than once.
	// Default 0.
	Retries int

	// Retry makes a Req or Dealer send the requests again that were on the wire when the native
	// socket was lost, in their order, before anything else; on a Dealer those of messages.Ask and
	// of Futures. They may be executed twice. Without it whoever asked gets messages.Rejected with
	// ErrFailed at once.
	Retry bool

	// MuteTimeout is how long a peer of a Rep, Router or Stream may take nothing before what waits
	// for it goes back to its sender, Rejected with ErrFull and counted as "mute". Other peers do not
	// wait for it, but it has its share of the outbox. Default: 100 ms for a Rep; no limit for Router
	// and Stream.
	MuteTimeout time.Duration

	// Lockstep makes a Rep receive its next request when the one before has been answered, as a
	// native REP does; ReplyTimeout does not apply. Splice sets it, for there an answer is just
	// the next message.
	Lockstep bool

	// InService is how many requests a Rep, Router or Stream remembers to be answered through
	// the sender's PID; beyond it the oldest is given up as after ReplyTimeout. Default 16,384.
	InService int

	// Options are ZeroMQ's, typed.
	Options Options

	// Configure sets anything else. It runs on the ZeroMQ thread at every open, after Options
	// and before bind and connect. It must not block, nor keep the socket, nor start a monitor.
	Configure func(*zmq.Socket) error

	// Trace carries the trace contexts of W3C to and from the peers: the headers "traceparent" and
	// "tracestate" of what is sent to the socket, and of what it delivers. What is delivered as a Batch
	// has none. With it a Req is opened as a native DEALER that speaks REQ's wire. Default TraceOff.
	// See docs/traces.md.
	Trace Trace

	// Events gets the socket's typed events: Opened, Failed, Stopped, and what the peers do. Default:
	// nobody.
	Events *actor.PID

	// FailAfter makes a failure out of what the peers do. Default: it never is one.
	FailAfter FailAfter

	// Resolver finds the names in Bind and Connect, "cluster://name". Default: the system's, which
	// cluster.Join sets.
	Resolver Resolver

	// Gate is asked before every batch that is sent or received: while it says no, the socket neither
	// reads nor writes; what was sent waits in the outbox. It is called on the ZeroMQ thread, must not
	// block, and must not be called with locks that it needs. Asked again every 2 ms. Default: always open.
	Gate func() bool

	// NoMonitor opens the socket without ZeroMQ's monitor: it saves two descriptors and some
	// kilobytes, and WaitPeers sees inproc peers only.
	NoMonitor bool

	adoption *adoption // set by Adopt
}

func (c *Config) adopted() bool { return c.adoption != nil }

// Limit bounds the outbox in messages and in bytes. Defaults 4,096 and 16 MiB.
type Limit struct {
	Messages int
	Bytes    int
}

// Overflow says what happens to a message that finds the outbox full. Put, Ask and Splice wait
// instead.
type Overflow int

const (
	Reject     Overflow = iota // its sender gets *messages.Rejected; without a sender it is a dead letter
	DropOldest                 // what has waited longest is dropped and counted
	DropNewest                 // it is dropped itself and counted
)

func (c Config) withDefaults() Config {
	c.coalescedDefaults()
	def(&c.Outbox.Messages, 4096)
	def(&c.Outbox.Bytes, 16<<20)
	def(&c.Window, max(1024, 8*c.Batch))
	def(&c.MaxMessage, 1<<62)
	def(&c.ReplyTimeout, 30*time.Second)
	def(&c.InService, 16384)
	if c.Type == XPub {
		c.Deliver.skip = true // libzmq reads it whether there is room or not
	}
	if c.Type == Rep {
		def(&c.MuteTimeout, 100*time.Millisecond)
	}
	return c
}

func def[N int | int64 | time.Duration](v *N, d N) {
	if *v == 0 {
		*v = d
	}
}

// known are the types that can be opened.
var known = map[zmq.Type]string{
	Req: "REQ", Rep: "REP", Dealer: "DEALER", Router: "ROUTER", Pub: "PUB", Sub: "SUB",
	XPub: "XPUB", XSub: "XSUB", Push: "PUSH", Pull: "PULL", Pair: "PAIR", Stream: "STREAM",
}

// Validate finds what is wrong with c before anything is opened; the error is a *ConfigError. An
// actor spawned with a wrong Config stops at once, and everybody who asks it for something gets
// the same error.
func (c Config) Validate() error {
	if known[c.Type] == "" {
		return &ConfigError{"Type", int(c.Type), "not a socket type of ZeroMQ's stable API"}
	}
	for _, check := range []func() error{c.checkBounds, c.checkEndpoints, c.checkTopics, c.checkReceivers, c.checkCoalesce, c.checkTrace} {
		if err := check(); err != nil {
			return err
		}
	}
	o := c.Options
	if o.CurvePublicKey != "" && o.CurveServerKey == "" && !o.CurveServer && len(namesOf(c.Connect)) > 0 {
		o.CurveServerKey = o.CurvePublicKey // whoever has bound the name has one
	}
	return o.check(c.Type)
}

func (c *Config) checkBounds() error {
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"Outbox.Messages", int64(c.Outbox.Messages)}, {"Outbox.Bytes", int64(c.Outbox.Bytes)},
		{"Window", int64(c.Window)}, {"Batch", int64(c.Batch)}, {"MaxMessage", c.MaxMessage},
		{"ReplyTimeout", int64(c.ReplyTimeout)}, {"InService", int64(c.InService)},
		{"MuteTimeout", int64(c.MuteTimeout)}, {"FailAfter.Handshakes", int64(c.FailAfter.Handshakes)},
		{"FailAfter.Alone", int64(c.FailAfter.Alone)}, {"Retries", int64(c.Retries)},
	} {
		if f.value < 0 {
			return &ConfigError{f.name, f.value, "negative"}
		}
	}
	if c.Overflow < Reject || c.Overflow > DropNewest {
		return &ConfigError{"Overflow", int(c.Overflow), "neither Reject, DropOldest nor DropNewest"}
	}
	if c.OnDead < StopSocket || c.OnDead > DropRest {
		return &ConfigError{"OnDead", int(c.OnDead), "neither StopSocket, HoldBack nor DropRest"}
	}
	if err := c.checkRetries(); err != nil {
		return err
	}
	if c.NoMonitor && c.FailAfter != (FailAfter{}) {
		return &ConfigError{"FailAfter", c.FailAfter, "without a monitor nobody knows what the peers do"}
	}
	if c.Lockstep && c.Type != Rep {
		return &ConfigError{"Lockstep", true, "only for Rep"}
	}
	if c.MuteTimeout > 0 && c.Type != Rep && c.Type != Router && c.Type != Stream {
		return &ConfigError{"MuteTimeout", c.MuteTimeout, "only for Rep, Router and Stream"}
	}
	if c.Batch > 0 && (c.Type == Req || c.Type == Rep) {
		return &ConfigError{"Batch", c.Batch, known[c.Type] + " delivers one message at a time"}
	}
	return nil
}

func (c *Config) checkRetries() error {
	switch {
	case c.Retries > 0 && c.Type != Req:
		return &ConfigError{"Retries", c.Retries, "only for Req"}
	case c.Retry && c.Type != Req && c.Type != Dealer:
		return &ConfigError{"Retry", true, "only for Req and Dealer"}
	case c.adopted() && (c.Retry || c.Retries > 0):
		return &ConfigError{"Retry", true, "an adopted socket cannot be opened again"}
	}
	return nil
}

func (c *Config) checkEndpoints() error {
	if err := checkEndpoints("Bind", c.Bind, true, c.Type); err != nil {
		return err
	}
	return checkEndpoints("Connect", c.Connect, false, c.Type)
}

func (c *Config) checkTopics() error {
	if len(c.Subscribe) > 0 && c.Type != Sub && c.Type != XSub {
		return &ConfigError{"Subscribe", c.Subscribe, known[c.Type] + " does not subscribe"}
	}
	for _, topic := range c.Subscribe {
		if len(topic) > maxTopic {
			return &ConfigError{"Subscribe", len(topic), tooLongTopic}
		}
	}
	return nil
}

// maxTopic bounds a topic: libzmq's trie of them is recursive, and one of 250,000 bytes crashed the
// process when its socket was closed.
const (
	maxTopic     = 4096
	tooLongTopic = "a topic has 4,096 bytes at most"
)

func (c *Config) checkReceivers() error {
	if len(c.Deliver.routes) > 0 && !patternOf(*c).receives() {
		return &ConfigError{"Deliver", len(c.Deliver.routes), known[c.Type] + " receives nothing"}
	}
	for _, r := range c.Deliver.routes {
		if r.pid == nil {
			return &ConfigError{"Deliver", r.prefix, "a nil PID"}
		}
	}
	return nil
}
