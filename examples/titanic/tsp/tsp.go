// Package tsp encodes and decodes what the Titanic Service Protocol (RFC 9) says over Majordomo: the bodies
// of requests for titanic.request, titanic.reply and titanic.close, and of the replies.
//
// Whatever a peer sends, decoding returns a value or a [MalformedError], and never panics.
package tsp

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/sockeye-mq/sockeye/examples/majordomo/mdp"
)

// The services.
const (
	RequestService = "titanic.request" // a request is stored: its service, its body
	ReplyService   = "titanic.reply"   // the reply to the request with a UUID, if there is one
	CloseService   = "titanic.close"   // request and reply are deleted
)

// MalformedError says why something is not TSP.
type MalformedError struct {
	Why    string
	Frames int // how many there were
}

// Error implements error.
func (e *MalformedError) Error() string {
	return fmt.Sprintf("malformed TSP of %d frames: %s", e.Frames, e.Why)
}

// ID is what a stored request is known by: the UUID.
type ID [16]byte

// NewID is one that nobody can guess.
func NewID() (id ID) {
	rand.Read(id[:])
	return id
}

// String is the ID as 32 lower-case hexadecimal digits. It is what goes on the wire, and it is fit for a
// file's name, whatever bytes the ID was made of.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID is the opposite of String; the digits may be upper-case, too. The error is a *MalformedError.
func ParseID(b []byte) (id ID, err error) {
	if len(b) != hex.EncodedLen(len(id)) {
		return ID{}, &MalformedError{fmt.Sprintf("a UUID of %d bytes", len(b)), 1}
	}
	if _, err := hex.Decode(id[:], b); err != nil {
		return ID{}, &MalformedError{"a UUID that is not hexadecimal", 1}
	}
	return id, nil
}

// DecodeID decodes the body of a request to titanic.reply or titanic.close. The error is a
// *MalformedError.
func DecodeID(body [][]byte) (ID, error) {
	if len(body) != 1 {
		return ID{}, &MalformedError{"not one UUID", len(body)}
	}
	return ParseID(body[0])
}

// DecodeRequest decodes the body of a request to titanic.request. The error is a *MalformedError.
func DecodeRequest(body [][]byte) (service string, rest [][]byte, err error) {
	switch {
	case len(body) == 0 || !mdp.Named(body[0]):
		return "", nil, &MalformedError{"no service", len(body)}
	case len(body) == 1:
		return "", nil, &MalformedError{"no body", len(body)}
	}
	return string(body[0]), body[1:], nil
}

// Status is what begins a reply.
type Status int

// The statuses. The RFC allows no others.
const (
	OK      Status = 200
	Pending Status = 300 // try again later
	Unknown Status = 400 // no such UUID, or none at all: do not try again
	Error   Status = 500 // something is wrong with the server: try again later
)

// Reply is the body of a reply.
func (s Status) Reply(rest ...[]byte) [][]byte {
	return append([][]byte{fmt.Append(nil, int(s))}, rest...)
}

// DecodeReply decodes the body of a reply of any of the services. The error is a *MalformedError.
func DecodeReply(body [][]byte) (Status, [][]byte, error) {
	if len(body) == 0 {
		return 0, nil, &MalformedError{"no status", 0}
	}
	b := body[0] // three digits, and perhaps a space and something for people
	if len(b) < 3 || len(b) > 3 && b[3] != ' ' {
		return 0, nil, &MalformedError{"no status", len(body)}
	}
	for _, s := range []Status{OK, Pending, Unknown, Error} {
		if string(b[:3]) == fmt.Sprint(int(s)) {
			return s, body[1:], nil
		}
	}
	return 0, nil, &MalformedError{"an unknown status", len(body)}
}
