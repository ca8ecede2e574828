// Package native is what the ZeroMQ thread asks of libzmq: sockets, a poller, a context, behind
// interfaces small enough to be played by a fake.
//
// There are two of each. The fast socket moves many messages with one call into C; the plain one
// uses nothing but pebbe/zmq4 and takes over when pebbe's native pointer cannot be had. The epoll
// poller costs nothing for idle sockets; the plain one, zmq_poll over all of them, runs everywhere.
//
// No call here blocks, except Poller.Wait when it is told to.
package native

import (
	"syscall"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/messages"
)

// Socket is one native socket. Only its thread may use it.
type Socket interface {
	// Send hands whole messages, packed as in a messages.Batch, to libzmq: up to most, and none
	// after so many bytes.
	Send(data []byte, lens []uint32, most int, bytes int64) Sent
	// SendFrames does the same for one message that is too large to be packed. libzmq may read
	// its frames long after SendFrames has returned. Frames of at most messages.RoomBytes are
	// copied, up to 1 MiB of a message: Coalesce sends from memory that is used again.
	SendFrames(frames [][]byte) Sent
	// Recv empties b and receives whole messages into it, within limit.
	Recv(b *messages.Batch, limit Limit) Got
	// Events reads ZMQ_EVENTS, which also lets libzmq process its commands (facts Z3, Z15).
	Events() (zmq.State, error)
	// FD is ZMQ_FD, -1 when it has none.
	FD() int

	Bind(endpoint string) error
	Unbind(endpoint string) error
	Connect(endpoint string) error
	Disconnect(endpoint string) error
	Subscribe(topic string) error
	Unsubscribe(topic string) error
	// LastEndpoint is the endpoint of the last bind or connect, wildcards resolved.
	LastEndpoint() (string, error)
	// Sibling opens another socket in the same context.
	Sibling(zmq.Type) (Socket, error)
	// Monitor starts reporting events to an inproc endpoint; "" stops it.
	Monitor(endpoint string) error
	// Raw is pebbe's socket, for options.
	Raw() *zmq.Socket
	// Close closes it; what libzmq holds is still sent for at most linger.
	Close(linger time.Duration) error
}

// Sent is what a Send did. Errno EAGAIN: libzmq takes no more now; the message that was refused is
// unsent as a whole, whichever frame it broke off at (facts Z1).
type Sent struct {
	Messages, Frames, Bytes int
	Errno                   syscall.Errno
}

// Limit bounds a Recv: so many messages, stop after so many bytes, skip larger messages, copy none
// that is larger than Copy and stop with it; 0: copy all.
type Limit struct {
	Messages int
	Bytes    int64
	Message  int64
	Copy     int64
}

// Got is what a Recv did, beside filling the batch. Errno 0: the limit was reached and there may be
// more; EAGAIN: there is no more now.
type Got struct {
	Skipped int   // messages larger than Limit.Message
	Large   Large // the message behind those in the batch, which is larger than Limit.Copy; or nil
	Errno   syscall.Errno
}

// Context is a ZeroMQ context.
type Context interface {
	NewSocket(zmq.Type) (Socket, error)
	// Term waits until every socket's linger is over.
	Term() error
}

// Poller waits for any of many sockets.
type Poller interface {
	// Add starts watching s; token is what Wait reports.
	Add(s Socket, token any) error
	// Want says what to wait for on s. The epoll poller always waits for both.
	Want(s Socket, events zmq.State)
	Remove(s Socket)
	// Wait calls ready for every token with something new. It returns at once unless it may
	// block; then it returns when something is ready, or for no reason at all.
	Wait(block bool, ready func(token any)) error
	Close() error
}

// Spinner is a Poller that can also wait awake.
type Spinner interface {
	// Spin calls ready for every token with something new, as soon as there is one. It returns when it
	// has, when *news, which is read atomically, is not 0, and when limit is over; found: not that. In
	// between whoever else wants the processor gets it.
	Spin(limit time.Duration, news *uint32, ready func(token any)) (found bool)
}

// Layer makes contexts and pollers.
type Layer interface {
	NewContext(ioThreads, maxSockets int) (Context, error)
	NewPoller() (Poller, error)
	// Adopt wraps a socket that somebody else made.
	Adopt(*zmq.Socket) (Socket, error)
}

// Errno returns the error number in an error of pebbe's, 0 if there is none.
func Errno(err error) syscall.Errno { return syscall.Errno(zmq.AsErrno(err)) }

// Error returns n as the error that errors.Is finds: syscall.Errno for the system's numbers,
// zmq.Errno for ZeroMQ's own.
func Error(n syscall.Errno) error {
	switch {
	case n == 0:
		return nil
	case n > hausnumero:
		return zmq.Errno(n)
	}
	return n
}

// Wrap does the same for an error of pebbe's.
func Wrap(err error) error {
	if n := Errno(err); n != 0 {
		return Error(n)
	}
	return err
}

const hausnumero = 156384712 // ZMQ_HAUSNUMERO: ZeroMQ's own error numbers begin here
