package zmqthread

import (
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/messages"
)

// Port is what the thread wants from a socket's owner. All methods but Met run on the ZeroMQ
// thread: none may block, and none may run code of users.
type Port interface {
	// Outgoing is what to send next. It stays as it is until Rest.
	Outgoing() Load
	// Sent says that libzmq has taken that much of it.
	Sent(messages, frames, bytes int)
	// Full says that libzmq takes no more of the load at the moment. others: only for the one peer
	// that it is for; there may be something for others.
	Full() (others bool)
	// Unsendable says that the next message can never be sent; the socket is well.
	Unsendable(err error)
	// Rest says that the thread is done with the load for this turn.
	Rest()
	// Room is how many messages may be received now.
	Room() int
	// Received hands over a batch. It stays the thread's unless it is kept.
	Received(b *messages.Batch) (kept bool)
	// ReceivedLarge hands over one message that was not copied: the owner must copy or free it,
	// elsewhere.
	ReceivedLarge(Large)
	// Skipped says that n messages were larger than Open.MaxMessage and are gone.
	Skipped(n int)
	// Event is a monitor event.
	Event(Event)
	// Met says how many peers there are at an inproc endpoint. From any thread.
	Met(endpoint string, peers int)
	// Trouble is why the owner wants its native socket to fail, or nil. Asked in every turn.
	Trouble() error
	// Ended reports whether the owner has stopped for good, and with what linger its socket is to be
	// closed then.
	Ended() (linger time.Duration, ended bool)
	// Attached gives the owner its link, before anything else happens on it.
	Attached(*Link)
	// Detached says that there is no native socket any more: err says why, nil that the owner
	// wanted it so or that it is gone.
	Detached(err error)
}

// Load is messages to send: packed as in a Batch, or one that is too large for that.
type Load struct {
	Data   []byte
	Lens   []uint32
	Most   int      // messages of it that may be sent now; 0: nothing
	Frames [][]byte // instead of Data and Lens
	Later  bool     // there is something that is to be tried again in a moment
}

// Event is an event of a socket's monitor; see zmq_socket_monitor.
type Event struct {
	Event    zmq.Event
	Endpoint string
	Value    uint32 // errno, file descriptor, retry interval in ms, or status, depending on Event
	Peer     string // of a connection that has begun: the other side's address, if it can be had
}
