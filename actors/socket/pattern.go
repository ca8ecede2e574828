package socket

import (
	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/messages"
)

// pattern is what differs between socket types: one file each. A method says where it runs.
type pattern interface {
	// native is the type that is opened. Immutable.
	native() zmq.Type
	// sends and receives say in which directions users' messages go. Immutable.
	sends() bool
	receives() bool

	// address says which frames go in front of a message, or why it cannot be sent.
	// Runs on the sender's goroutine, box.mu held.
	address(b *box, m *messages.Message, o *origin) (prefix [][]byte, body [][]byte, no messages.Reason)

	// maySend and mayReceive say how many messages it is this socket's turn to send, to receive.
	// Pure questions. Run on the ZeroMQ thread.
	maySend(b *box) int
	mayReceive() int
	// sent notes who sent the message that libzmq has just taken. Runs on the ZeroMQ thread.
	sent(b *box, o *origin)
	// took may keep a received batch for itself, and says whom its message answers.
	// Runs on the ZeroMQ thread.
	took(b *box, batch *messages.Batch) (asker *origin, consumed bool)
	// detached ends what was under way with a native socket that is gone.
	// Runs on the ZeroMQ thread.
	detached(b *box)

	// arrived says what becomes of a message. Runs in the socket actor.
	arrived(b *box, m *messages.Message) arrival
}

// arrival is where a received message goes: to an asker, to the receivers, or nowhere.
type arrival struct {
	message *messages.Message
	asker   *origin
	sender  *actor.PID // who the receivers answer to
	trace   *traceContext
	drop    reason
}

const unlimited = 1 << 30

// simple is what most types share: messages that stand for themselves, whenever there is room.
type simple struct{ typ zmq.Type }

func (s simple) native() zmq.Type { return s.typ }
func (simple) sends() bool        { return true }
func (simple) receives() bool     { return true }
func (simple) maySend(*box) int   { return unlimited }
func (simple) mayReceive() int    { return unlimited }
func (simple) sent(*box, *origin) {}
func (simple) detached(*box)      {}

func (simple) took(*box, *messages.Batch) (*origin, bool) { return nil, false }

func (simple) address(_ *box, m *messages.Message, o *origin) ([][]byte, [][]byte, messages.Reason) {
	if o.asks() {
		return nil, nil, messages.Reason_UNSUPPORTED // nobody would ever reply
	}
	return nil, m.Frames, 0
}

func (simple) arrived(b *box, m *messages.Message) arrival { return arrival{message: m} }

// duplex is for those whose receivers may answer with c.Respond: the answer is one more message.
type duplex struct{ simple }

func (duplex) arrived(b *box, m *messages.Message) arrival {
	return arrival{message: m, sender: b.self}
}

func patternOf(c Config) pattern {
	switch c.Type {
	case Req:
		return newReq(c)
	case Rep:
		return newRep(c)
	case Dealer:
		return newDealer()
	case Router:
		return newRouter(c)
	case Pub:
		return newPub(c)
	case Sub:
		return newSub()
	case XPub:
		return newXPub()
	case XSub:
		return newXSub()
	case Push:
		return newPush()
	case Pull:
		return newPull()
	case Pair:
		return newPair()
	case Stream:
		return newStream(c)
	}
	return simple{c.Type}
}

// Directions says whether sockets of type t send and receive messages of users.
func Directions(t zmq.Type) (sends, receives bool) {
	p := patternOf(Config{Type: t})
	return p.sends(), p.receives()
}
