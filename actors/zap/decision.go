package zap

import (
	"fmt"

	"github.com/sockeye-mq/sockeye/messages"
)

// The status of a Decision, from RFC 27. libzmq 4.3 sends 400 and 500 to the peer, whose socket gives up
// for good then if it is libzmq's, too; after 300 it hangs up without a word, and the peer tries again.
const (
	StatusAccepted = 200
	StatusLater    = 300
	StatusRefused  = 400
	StatusFailed   = 500
)

// Decision is the answer to a Request. The zero value refuses.
type Decision struct {
	Status int    // default StatusRefused
	User   string // of a peer that is accepted: the user id, up to 255 bytes
	Reason string // for the events; never sent to the peer
}

// Accept lets a peer in as this user.
func Accept(user string) Decision { return Decision{Status: StatusAccepted, User: user} }

// Refuse keeps a peer out.
func Refuse(reason string) Decision { return Decision{Status: StatusRefused, Reason: reason} }

// Later keeps a peer out for now.
func Later(reason string) Decision { return Decision{Status: StatusLater, Reason: reason} }

// Accepted reports whether the peer is let in.
func (d Decision) Accepted() bool { return d.Status == StatusAccepted }

func (d Decision) String() string {
	text := map[int]string{StatusAccepted: "accepted", StatusLater: "later", StatusRefused: "refused", StatusFailed: "failed"}[d.Status]
	switch {
	case d.Accepted() && d.User != "":
		return fmt.Sprintf("accepted as %q", d.User)
	case d.Reason != "":
		return text + ": " + d.Reason
	}
	return text
}

// sound is d if libzmq understands it, else that the callback is wrong.
func (d Decision) sound() Decision {
	if d.Status == 0 {
		d.Status = StatusRefused
	}
	switch d.Status {
	case StatusAccepted, StatusLater, StatusRefused, StatusFailed:
	default:
		return Decision{Status: StatusFailed, Reason: fmt.Sprintf("Decide answered with status %d", d.Status)}
	}
	if len(d.User) > maxString {
		return Decision{Status: StatusFailed, Reason: fmt.Sprintf("Decide answered with a user id of %d bytes", len(d.User))}
	}
	return d
}

// reply is the message of RFC 27. The text says no more than the status.
func (d Decision) reply(id []byte) *messages.Message {
	text := map[int]string{StatusAccepted: "OK", StatusLater: "try again later", StatusRefused: "refused", StatusFailed: "failed"}[d.Status]
	user := ""
	if d.Accepted() {
		user = d.User
	}
	return messages.Bytes([]byte(version), id, []byte(fmt.Sprint(d.Status)), []byte(text), []byte(user), nil)
}
