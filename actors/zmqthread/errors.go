package zmqthread

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
	"github.com/sockeye-mq/sockeye/messages"
)

var (
	// ErrShutdown is the reason of everything that a thread refuses once Shutdown was called.
	ErrShutdown = errors.New("zmqthread: shut down")
	// ErrConfig is messages.ErrConfig.
	ErrConfig = messages.ErrConfig
	// ErrAdopted says that an adopted socket is gone; nobody here knows how to open it again.
	ErrAdopted = errors.New("adopted socket cannot be opened again")
	// ErrGoexit is the failure of an actor whose code called runtime.Goexit on the thread.
	ErrGoexit = errors.New("runtime.Goexit on the ZeroMQ thread")
)

// OpError says which native call failed and on what: "bind tcp://*:5555: address already in use".
// errors.Is finds the error number, as syscall.Errno or, for ZeroMQ's own, zmq4.Errno.
type OpError struct {
	Op       string // "bind", "connect", "set ZMQ_SNDHWM", "send", …
	Argument string // endpoint or topic, or ""
	Err      error
}

func (e *OpError) Error() string {
	if e.Argument == "" {
		return fmt.Sprintf("%s: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("%s %s: %v", e.Op, e.Argument, e.Err)
}

func (e *OpError) Unwrap() error { return e.Err }

// Is finds a system's error number also where a user's Configure has returned it as pebbe does, as a
// zmq4.Errno.
func (e *OpError) Is(target error) bool {
	n, ok := target.(syscall.Errno)
	var z zmq.Errno
	return ok && errors.As(e.Err, &z) && syscall.Errno(z) == n
}

// Errno returns an error of pebbe's as the error number that errors.Is finds: syscall.Errno for the
// system's, zmq4.Errno for ZeroMQ's own. Any other error it returns as it is.
func Errno(err error) error { return native.Wrap(err) }

func op(name, argument string, err error) error {
	if err == nil {
		return nil
	}
	return &OpError{name, argument, err}
}

// PanicError is a panic on the thread while one socket was served. It fails that socket's owner;
// the native socket stays as it is.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic on the ZeroMQ thread: %v", e.Value) }

func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// ShutdownError says what a Shutdown left behind when its ctx ended.
type ShutdownError struct {
	Open []*actor.PID // owners whose socket had not finished; it was closed all the same, and ends by itself
	Err  error        // of ctx
}

func (e *ShutdownError) Error() string {
	if len(e.Open) == 0 {
		return fmt.Sprintf("zmqthread: shutdown: ZeroMQ still has messages to send: %v", e.Err)
	}
	ids := make([]string, len(e.Open))
	for i, pid := range e.Open {
		ids[i] = pid.Id
	}
	return fmt.Sprintf("zmqthread: shutdown: still open: %s: %v", strings.Join(ids, ", "), e.Err)
}

func (e *ShutdownError) Unwrap() error { return e.Err }
