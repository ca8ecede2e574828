package socket

import (
	"fmt"
	"time"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// What Config.Events gets, with the socket as the sender: c.Sender() in the actor that gets them.
// They are delivered in order, and like everything else within a bound: an actor that does not keep
// up gets Missed in place of what it has missed. Over inproc libzmq reports no connection events.

// Opened says that the native socket is open: for the first time, or again. Endpoints are what it
// is bound to, wildcards resolved. Kept: the actor was restarted and got back the socket it had.
type Opened struct {
	Endpoints []string
	Kept      bool
}

// Failed says that the socket has failed and its supervisor now decides. Kept: the native socket is
// well and goes to the actor's next incarnation; otherwise it is closed and opened again.
type Failed struct {
	Err   error
	Class zmqthread.Class
	Kept  bool
}

// Stopped is a socket's last event: it is gone for good. Reason is what Reason returns: nil when it
// was stopped on request and had nothing left. Nothing is queued or held in the Ledger any more.
type Stopped struct {
	Reason error
	Ledger Ledger
}

// Unanswered is the event of a request that nobody has answered in time, or that had to give way
// to newer ones (Config.ReplyTimeout, Config.InService). An answer that comes later is rejected
// with messages.ErrNoRequest.
type Unanswered struct {
	Request uint32 // Message.Request of what was delivered
}

// Missed stands for events that were dropped: the oldest of more than 1,024 that waited for Events
// to keep up.
type Missed struct{ Events uint64 }

// Connection events, from the monitor of the socket; see zmq_socket_monitor(3). Endpoint is the one
// that was bound or connected to, Peer the address of the other side, "" where it cannot be had: for
// ipc, and for a connection that has ended by the time the event is read.
type (
	// Listening says that an endpoint is bound.
	Listening struct{ Endpoint string }
	// BindFailed says that an endpoint could not be bound.
	BindFailed struct {
		Endpoint string
		Err      error
	}
	// Accepted says that a peer has connected to a bound endpoint. Its handshake is still to come.
	Accepted struct{ Endpoint, Peer string }
	// AcceptFailed says that a peer could not be accepted: no descriptor was left, for one.
	AcceptFailed struct {
		Endpoint string
		Err      error
	}
	// Connected says that a connection is up. Its handshake is still to come.
	Connected struct{ Endpoint, Peer string }
	// ConnectDelayed says that a connection is being made.
	ConnectDelayed struct {
		Endpoint string
		Err      error // EINPROGRESS, as a rule
	}
	// ConnectRetried says that a connection could not be made, and when it is tried again.
	ConnectRetried struct {
		Endpoint string
		In       time.Duration
	}
	// HandshakeSucceeded says that a peer is there: messages can flow.
	HandshakeSucceeded struct{ Endpoint, Peer string }
	// HandshakeFailed says that a connection has ended before messages could flow.
	HandshakeFailed struct {
		Endpoint, Peer string
		Err            *HandshakeError
	}
	// Disconnected says that a connection has ended. Unacknowledged messages are lost with it.
	Disconnected struct{ Endpoint, Peer string }
	// Closed says that a bound endpoint, or a connection that was being made, is closed.
	Closed struct{ Endpoint string }
	// CloseFailed says that it could not be closed.
	CloseFailed struct {
		Endpoint string
		Err      error
	}
)

func (e *Opened) String() string {
	if e.Kept {
		return fmt.Sprintf("open again, kept: %v", e.Endpoints)
	}
	return fmt.Sprintf("open: %v", e.Endpoints)
}
func (e *Failed) String() string {
	return fmt.Sprintf("failed (%v, native socket kept: %v): %v", e.Class, e.Kept, e.Err)
}
func (e *Stopped) String() string    { return fmt.Sprintf("stopped: %v: %+v", e.Reason, e.Ledger) }
func (e *Unanswered) String() string { return fmt.Sprintf("request %d was not answered", e.Request) }
func (e *Missed) String() string     { return fmt.Sprintf("%d events were missed", e.Events) }

func (e *Listening) String() string    { return "listening on " + e.Endpoint }
func (e *BindFailed) String() string   { return fmt.Sprintf("bind %s: %v", e.Endpoint, e.Err) }
func (e *Accepted) String() string     { return "accepted on " + e.Endpoint + from(e.Peer) }
func (e *AcceptFailed) String() string { return fmt.Sprintf("accept on %s: %v", e.Endpoint, e.Err) }
func (e *Connected) String() string    { return "connected to " + e.Endpoint }
func (e *ConnectDelayed) String() string {
	return fmt.Sprintf("connecting to %s: %v", e.Endpoint, e.Err)
}
func (e *ConnectRetried) String() string {
	return fmt.Sprintf("connecting to %s again in %v", e.Endpoint, e.In)
}
func (e *HandshakeSucceeded) String() string {
	return "handshake succeeded on " + e.Endpoint + from(e.Peer)
}
func (e *HandshakeFailed) String() string {
	return fmt.Sprintf("handshake failed on %s%s: %v", e.Endpoint, from(e.Peer), e.Err)
}
func (e *Disconnected) String() string { return "disconnected from " + e.Endpoint + from(e.Peer) }
func (e *Closed) String() string       { return "closed " + e.Endpoint }
func (e *CloseFailed) String() string  { return fmt.Sprintf("close %s: %v", e.Endpoint, e.Err) }

func from(peer string) string {
	if peer == "" {
		return ""
	}
	return " by " + peer
}
