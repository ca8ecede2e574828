package wire

import (
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// Reason says why a message did not reach its receiver, as far as is known on the sender's side.
type Reason int

// The reasons.
const (
	Full            Reason = iota + 1 // too much waits for that peer (Config.Queue)
	Dead                              // the peer is dead, and the message has not left
	Unconfirmed                       // the session ended before the peer has confirmed it: it may have arrived
	TooLarge                          // larger than the peer takes
	NotSerializable                   // no protobuf message: see NotSerializableError
	Unknown                           // nobody knows where that system is, or it must not be connected to
	Closed                            // the Wire was shut down
	TooManyPeers                      // 4,096 systems are known already
)

var reasonText = map[Reason]string{
	Full: "too much waits for that peer", Dead: "the peer is dead", Unconfirmed: "the peer has not confirmed it",
	TooLarge: "larger than the peer takes", NotSerializable: "it cannot be serialized", Unknown: "no way to that system is known",
	Closed: "the wire is shut down", TooManyPeers: "too many peers",
}

func (r Reason) String() string { return reasonText[r] }

var reasonIs = map[Reason]error{
	Full: messages.ErrFull, Dead: messages.ErrUnreachable, Unconfirmed: messages.ErrUnreachable, TooLarge: messages.ErrTooLarge,
	NotSerializable: messages.ErrMalformed, Unknown: messages.ErrUnreachable, Closed: messages.ErrStopped, TooManyPeers: messages.ErrFull,
}

// UndeliveredError is why a message to a PID of another system was not delivered, or may not have been. It
// is what messages.Ask, Put and Call return; a Future ends with actor.ErrDeadLetter. For errors.Is it is
// messages.ErrFull, ErrUnreachable, ErrTooLarge, ErrMalformed or ErrStopped by its Reason, and Err.
type UndeliveredError struct {
	Target *actor.PID
	Reason Reason
	Err    error // more about it; or nil
}

func (e *UndeliveredError) Error() string {
	s := fmt.Sprintf("%s/%s: %v", e.Target.GetAddress(), e.Target.GetId(), e.Reason)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Is implements errors.Is.
func (e *UndeliveredError) Is(target error) bool {
	return target == reasonIs[e.Reason] || target == actor.ErrDeadLetter && e.Reason != NotSerializable
}

func (e *UndeliveredError) Unwrap() error { return e.Err }

// NotSerializableError says why a message cannot leave the process: it is no protobuf message, or nil, or
// protobuf cannot encode it, or it is a message of Proto.Actor's own that has no place on the wire.
type NotSerializableError struct {
	Type string // its Go type
	Err  error
}

func (e *NotSerializableError) Error() string { return fmt.Sprintf("%s: %v", e.Type, e.Err) }

func (e *NotSerializableError) Unwrap() error { return e.Err }

var (
	errNotProto  = errors.New("not a protobuf message")
	errNil       = errors.New("nil")
	errMisplaced = errors.New("a system message that nobody sends to another system")
)

// Drop says why something that came in was not delivered.
type Drop int

// What is dropped.
const (
	Malformed   Drop = iota + 1 // bytes that mean nothing
	Stranger                    // from somebody who has not proved to be a peer
	Misdirected                 // meant for another system
	Stale                       // of a session that is over
	Duplicate                   // had been received before
	Gap                         // something before it is missing: it is asked for again
	Overrun                     // more than the window that was granted
	UnknownType                 // no such protobuf type here
	BadMessage                  // the bytes of a message are not of its type
	BadTarget                   // no PID that a peer may address
	Misplaced                   // a system message in the wrong place, or about others
	Panicked                    // the receiver's process panicked when it got it
	SystemFull                  // too many peers, or too many watches by one
)

var dropText = map[Drop]string{
	Malformed: "malformed", Stranger: "not from a peer", Misdirected: "meant for another system", Stale: "of a session that is over",
	Duplicate: "a duplicate", Gap: "something before it is missing", Overrun: "more than the window", UnknownType: "unknown type",
	BadMessage: "not of its type", BadTarget: "no PID that a peer may address", Misplaced: "a misplaced system message",
	Panicked: "the receiver panicked", SystemFull: "too many",
}

func (d Drop) String() string { return dropText[d] }

// FrameError says what is wrong with bytes from a peer.
type FrameError struct {
	What Drop
	Err  error
}

func (e *FrameError) Error() string { return fmt.Sprintf("%v: %v", e.What, e.Err) }

func (e *FrameError) Unwrap() error { return e.Err }

func malformed(format string, args ...any) error {
	return &FrameError{Malformed, fmt.Errorf(format, args...)}
}
