package main

import (
	"fmt"
	"slices"
)

// The commands of PPP that are one byte (RFC 6). A worker says READY first, and after that, like its
// queue, HEARTBEAT.
const (
	ready     = "\x01"
	heartbeat = "\x02"
)

// liveness is how many heartbeats may be missing before a peer is gone.
const liveness = 3

// command is READY, HEARTBEAT, or a request or reply: who asks, and what.
type command struct {
	kind    string   // ready, heartbeat, "" for a request or reply
	address [][]byte // of the client: what ROUTERs and the client put in front of the empty frame
	body    [][]byte // at least one frame
}

// maxAddress is how many frames an address may have: the identity of a client, the number that its REQ
// puts behind that, and as much again for another queue on the way.
const maxAddress = 4

// malformedError says what is wrong with what a peer has sent.
type malformedError struct {
	why    string
	frames int
}

func (e *malformedError) Error() string {
	return fmt.Sprintf("malformed PPP command of %d frames: %s", e.frames, e.why)
}

// decode takes a command apart, without the identity that a ROUTER has put in front of what a worker
// sent. The error is a *malformedError. RFC 6 has the address optional; here it is not, for nobody knows
// where to send a reply without.
func decode(frames [][]byte) (command, error) {
	if len(frames) == 1 {
		if kind := string(frames[0]); kind == ready || kind == heartbeat {
			return command{kind: kind}, nil
		}
		return command{}, &malformedError{"neither READY nor HEARTBEAT", 1}
	}
	n := slices.IndexFunc(frames, func(f []byte) bool { return len(f) == 0 })
	switch {
	case n < 0:
		return command{}, &malformedError{"no empty frame behind an address", len(frames)}
	case n == 0 || n > maxAddress:
		return command{}, &malformedError{fmt.Sprintf("an address of %d frames", n), len(frames)}
	case n == len(frames)-1:
		return command{}, &malformedError{"no content", len(frames)}
	}
	return command{address: frames[:n:n], body: frames[n+1:]}, nil
}

// frames is the opposite of decode.
func (c command) frames() [][]byte {
	if c.kind != "" {
		return [][]byte{[]byte(c.kind)}
	}
	return slices.Concat(c.address, [][]byte{{}}, c.body)
}

// from reports whether both are from, or for, the same request of the same client.
func (c command) from(other command) bool {
	return slices.EqualFunc(c.address, other.address, func(a, b []byte) bool { return string(a) == string(b) })
}
