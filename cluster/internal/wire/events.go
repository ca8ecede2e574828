package wire

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
)

// Cause is why a session with a peer has ended.
type Cause int

// The causes.
const (
	Silent    Cause = iota + 1 // nothing came for two heartbeats
	Restarted                  // there is another process under its address
	Severed                    // the peer has taken this system for dead
	Left                       // it was shut down
	Violated                   // it broke the protocol
	Clogged                    // a system message found no room in the queue
	Shutdown                   // this Wire was shut down
)

var causeText = map[Cause]string{
	Silent: "silent for two heartbeats", Restarted: "started anew", Severed: "took this system for dead", Left: "left",
	Violated: "broke the protocol", Clogged: "takes no more system messages", Shutdown: "this wire was shut down",
}

func (c Cause) String() string { return causeText[c] }

// PeerUp is published on the system's EventStream when a session with a peer has begun. Incarnation tells
// the processes apart that have had the address.
type PeerUp struct {
	Address     string
	Incarnation uint64
}

func (e *PeerUp) String() string { return fmt.Sprintf("%s is up (%016x)", e.Address, e.Incarnation) }

// PeerDown is published when a session has ended, or when a peer that was never heard is taken for dead;
// Incarnation is 0 then. It comes after the watchers were told. Err is what the connection has last
// complained about, if it has: why a peer let nobody in, for one.
type PeerDown struct {
	Address     string
	Incarnation uint64
	Cause       Cause
	Err         error
}

func (e *PeerDown) String() string {
	s := fmt.Sprintf("%s is down: %v", e.Address, e.Cause)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Error makes it the reason of an UndeliveredError.
func (e *PeerDown) Error() string { return e.String() }

func (e *PeerDown) Unwrap() error { return e.Err }

// Undelivered is published before the actor.DeadLetterEvent of a message that was sent to another system: it
// says why.
type Undelivered struct {
	Message any
	Sender  *actor.PID
	Err     *UndeliveredError
}
