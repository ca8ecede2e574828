package zmqthread

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"
)

// What the poll actor understands. What has an answer is answered to its sender.
type (
	// Open opens a native socket for its sender: options, then subscriptions, then binds, then
	// connects. It is idempotent: a sender that has one gets it back. Answered with Opened or
	// Failed.
	Open struct {
		Type       zmq.Type
		Adopt      *zmq.Socket             // instead of opening one; Setup still runs
		Setup      func(*zmq.Socket) error // options; before binds and connects
		Subscribe  []string
		Greeting   []string // frames sent, each as a message, before binds and connects (XSUB)
		Bind       []string
		Connect    []string
		Monitor    bool          // report connection events; two more descriptors
		Linger     time.Duration // when it is closed
		Relinquish time.Duration // the linger when it has failed, before its owner may open another
		MaxMessage int64         // larger ones are skipped when received
		Gate       func() bool   // asked before every batch: while it says no, nothing is sent or received
		Port       Port
	}

	// Close closes Owner's socket for good, as Port.Ended says; libzmq still sends what it holds for
	// at most that linger. Not answered: Port.Detached is called.
	Close struct{ Owner *actor.PID }

	// Do runs a live command on the sender's socket. Answered with Did.
	Do struct {
		Command  Command
		Argument string                  // endpoint or topic
		Set      func(*zmq.Socket) error // for SetOptions; for Dial before it connects; for HangUp of the only connection, when it is gone
		Reset    func(*zmq.Socket) error // for Dial, afterwards
		For      *actor.PID              // handed back in Did

		attempts int
	}

	// Crash makes the poll actor panic with Reason, or call runtime.Goexit, which ends its OS
	// thread. For tests of what stands on it: no socket notices.
	Crash struct {
		Reason any
		Goexit bool
	}

	drain struct{} // answered when no owner is left
	force struct{ left chan<- []*actor.PID }
	retry struct{ link *Link } // its bind
	run   struct{ f func() }   // tests

	overdue struct{ link *Link } // libzmq should have let go of it by now
)

// Command is a live command.
type Command string

// The live commands.
const (
	Bind        Command = "bind"
	Unbind      Command = "unbind"
	Connect     Command = "connect"
	Disconnect  Command = "disconnect"
	Subscribe   Command = "subscribe"
	Unsubscribe Command = "unsubscribe"
	SetOptions  Command = "set options"

	Dial   Command = "dial"    // connect, with options that hold for this connection only
	HangUp Command = "hang up" // disconnect; it is no error if libzmq has done so already
)

// What it answers.
type (
	// Opened says that the socket is open. Bound are the endpoints it is bound to, wildcards
	// resolved, in the order of Open.Bind. Kept: it was open already, and its owner has it back.
	Opened struct {
		Of    *Open
		Bound []string
		Kept  bool
	}
	// Failed says that the socket could not be opened or has failed since. Kept: the native
	// socket is well, and another Open gets it back.
	Failed struct {
		Err  error
		Of   any // the *Open, or what else could not be done
		Kept bool
	}
	// Did answers Do. Endpoint is the resolved one after a Bind.
	Did struct {
		Do       *Do
		Endpoint string
		Err      error
	}
	drained struct{}
)
