package messages

import (
	"errors"
	"reflect"

	"github.com/asynkron/protoactor-go/actor"
)

// What a socket's refusals are, for errors.Is.
var (
	ErrFull           = errors.New("outbox full")
	ErrStopped        = errors.New("socket stopped")
	ErrFlushing       = errors.New("socket is stopping; what it has accepted is still sent if ZeroMQ takes it within the linger")
	ErrUnreachable    = errors.New("no such peer")
	ErrNoRequest      = errors.New("no such request")
	ErrWrongDirection = errors.New("socket type does not send")
	ErrMalformed      = errors.New("malformed message")
	ErrTooLarge       = errors.New("message too large")
	ErrUnsupported    = errors.New("not supported by the socket type")
	ErrTimedOut       = errors.New("no reply in time")
	ErrFailed         = errors.New("socket failed")
	ErrRefused        = errors.New("command refused")
	ErrDropped        = errors.New("dropped for a newer message")
	ErrCircuitOpen    = errors.New("socket is kept closed after too many failures")
	ErrNotOwner       = errors.New("this process does not own the name")
	ErrConfig         = errors.New("wrong configuration")
	ErrNilPID         = errors.New("nil PID")
)

var reasons = map[Reason]error{
	Reason_FULL:            ErrFull,
	Reason_STOPPED:         ErrStopped,
	Reason_UNREACHABLE:     ErrUnreachable,
	Reason_NO_REQUEST:      ErrNoRequest,
	Reason_WRONG_DIRECTION: ErrWrongDirection,
	Reason_MALFORMED:       ErrMalformed,
	Reason_TOO_LARGE:       ErrTooLarge,
	Reason_UNSUPPORTED:     ErrUnsupported,
	Reason_TIMED_OUT:       ErrTimedOut,
	Reason_FAILED:          ErrFailed,
	Reason_REFUSED:         ErrRefused,
	Reason_DROPPED:         ErrDropped,
	Reason_CIRCUIT_OPEN:    ErrCircuitOpen,
	Reason_NOT_OWNER:       ErrNotOwner,
}

// Err is the error that stands for r; nil for UNKNOWN.
func (r Reason) Err() error { return reasons[r] }

// Error implements error.
func (r *Rejected) Error() string { return describe("rejected", r.Reason, r.Detail) }

// Is implements errors.Is: a Rejected is its reason's error, and its errno.
func (r *Rejected) Is(target error) bool { return is(target, r.Reason, r.Errno) }

// Error implements error.
func (r *Refused) Error() string {
	what := r.Command
	if r.Argument != "" {
		what += " " + r.Argument
	}
	return describe(what, r.Reason, r.Detail)
}

// Is implements errors.Is: a Refused is its reason's error, and its errno.
func (r *Refused) Is(target error) bool { return is(target, r.Reason, r.Errno) }

func describe(what string, r Reason, detail string) string {
	err := r.Err()
	switch {
	case detail != "":
		return what + ": " + detail
	case err != nil:
		return what + ": " + err.Error()
	}
	return what
}

// is knows error numbers by their kind: the system's are syscall.Errno, ZeroMQ's own zmq4.Errno, which
// this package does not import.
func is(target error, r Reason, errno uint32) bool {
	if v := reflect.ValueOf(target); v.Kind() == reflect.Uintptr {
		return errno != 0 && v.Uint() == uint64(errno)
	}
	return target == reasons[r]
}

// Dead is the error for a PID that nobody answers for: its actor has stopped, or never was. Reason
// says why it stopped, where that is known. It is ErrStopped, actor.ErrDeadLetter and its reason
// for errors.Is.
type Dead struct {
	PID    *actor.PID
	Reason error
}

func (d *Dead) Error() string {
	if d.Reason == nil {
		return d.PID.GetId() + ": no such actor"
	}
	return d.PID.GetId() + " has stopped: " + d.Reason.Error()
}

// Is says that it is ErrStopped and actor.ErrDeadLetter, beside its reason.
func (d *Dead) Is(target error) bool {
	return target == ErrStopped || target == actor.ErrDeadLetter
}

func (d *Dead) Unwrap() error { return d.Reason }
