package socket

import (
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// traceContext is a context of W3C's on its way: what is in the two headers. Immutable.
type traceContext struct{ parent, state string }

// The headers of Trace Context, which carry the same names among actors.
const (
	parentHeader = "traceparent"
	stateHeader  = "tracestate"
)

// On the wire a context is one frame: the mark, the traceparent of 55 bytes, and the tracestate, if there
// is one, to the end. No identity that a user sets begins with a 0 (zmq_setsockopt, ZMQ_ROUTING_ID), and
// those that libzmq makes are shorter.
const (
	traceMark    = "\x00W3C"
	parentLength = 2 + 1 + 32 + 1 + 16 + 1 + 2
	maxState     = 512 // bytes; what Trace Context, 3.3.1.5, asks everybody to carry
	maxMembers   = 32

	maxTraceFrame = len(traceMark) + parentLength + maxState
	// Identities have 255 bytes at most (ZMTP, RFC 23 and 37), so a peer may refuse a longer frame in an
	// envelope. Ours does.
	maxEnvelopeTrace = 255
)

// contextOf is the context in the header of an envelope of Proto.Actor's. One that is not valid is nil.
func contextOf(envelope any) *traceContext {
	h := actor.UnwrapEnvelopeHeader(envelope)
	if h == nil {
		return nil
	}
	parent := h.Get(parentHeader)
	if !isParent(parent) {
		return nil
	}
	return &traceContext{parent, validState(h.Get(stateHeader))}
}

// envelope is a message of Proto.Actor's with t in its header. Each receiver has one of its own, for it may
// change it.
func (t *traceContext) envelope(m *messages.Message, from *actor.PID) *actor.MessageEnvelope {
	h := make(map[string]string, 2)
	h[parentHeader] = t.parent
	if t.state != "" {
		h[stateHeader] = t.state
	}
	return &actor.MessageEnvelope{Header: h, Message: m, Sender: from}
}

// frame is t on the wire, in so many bytes at most.
func (t *traceContext) frame(most int) []byte {
	state := cutState(t.state, most-len(traceMark)-parentLength)
	f := make([]byte, 0, len(traceMark)+parentLength+len(state))
	return append(append(append(f, traceMark...), t.parent...), state...)
}

// readTrace reads a frame, which may be anything; nil: it is not a context. As Trace Context says, a
// tracestate that is not valid does no harm to the rest.
func readTrace(f []byte) *traceContext {
	if len(f) > maxTraceFrame || !isTrace(f) {
		return nil
	}
	end := len(traceMark) + parentLength
	return &traceContext{string(f[len(traceMark):end]), validState(string(f[end:]))}
}

func readEnvelopeTrace(f []byte) *traceContext {
	if len(f) > maxEnvelopeTrace {
		return nil
	}
	return readTrace(f)
}

// isTrace reports whether a frame is a context, but for its tracestate.
func isTrace(f []byte) bool {
	end := len(traceMark) + parentLength
	return len(f) >= end && string(f[:len(traceMark)]) == traceMark && isParent(string(f[len(traceMark):end]))
}

// isParent reports whether s is a traceparent of version 00, the only one there is.
func isParent(s string) bool {
	return len(s) == parentLength && s[:3] == "00-" && s[35] == '-' && s[52] == '-' &&
		isHex(s[3:35]) && isHex(s[36:52]) && isHex(s[53:]) && !isZero(s[3:35]) && !isZero(s[36:52])
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func isZero(s string) bool { return strings.Trim(s, "0") == "" }

// validState is s if it is a tracestate, "" if not.
func validState(s string) string {
	if len(s) > maxState || strings.Count(s, ",") >= maxMembers {
		return ""
	}
	for member := range strings.SplitSeq(s, ",") {
		if member = strings.Trim(member, " \t"); member != "" && !isMember(member) {
			return ""
		}
	}
	return s
}

// isMember reports whether s is key=value, as the grammar of Trace Context, 3.3.1, has it.
func isMember(s string) bool {
	key, value, found := strings.Cut(s, "=")
	if !found || key == "" || len(key) > 256 || value == "" || len(value) > 256 {
		return false
	}
	for i := range len(key) {
		c := key[i]
		plain := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !plain && (i == 0 || !strings.ContainsRune("_-*/@", rune(c))) {
			return false
		}
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' || c > '~' || c == '=' {
			return false
		}
	}
	return true
}

// cutState makes a tracestate fit into so many bytes as Trace Context, 3.3.1.5, has it: members of more than
// 128 bytes go first, then the last ones.
func cutState(s string, most int) string {
	if len(s) <= most {
		return s
	}
	var kept []string
	for member := range strings.SplitSeq(s, ",") {
		if len(member) <= 128 {
			kept = append(kept, member)
		}
	}
	for s = strings.Join(kept, ","); len(s) > most; s = strings.Join(kept, ",") {
		kept = kept[:len(kept)-1]
	}
	return s
}

// requestEnvelope is how many leading frames of a request, or of its answer, are the envelope that our REQ and
// DEALER make: a number, a context, and an empty frame, of which the last is always there. 0: it is not one.
func requestEnvelope(f [][]byte) int {
	end := 0
	if len(f) > 2 && isNumber(f[0]) {
		end++
	}
	if len(f) > end+2 && isMarked(f[end]) {
		end++
	}
	if len(f) > end+1 && len(f[end]) == 0 {
		return end + 1
	}
	return 0
}

// isNumber reports whether f may be the number of a request; see messages.EnvelopeOf.
func isNumber(f []byte) bool { return len(f) == 4 || len(f) == 13 && f[0] == 0 }

// isMarked reports whether a frame in an envelope is meant to be a context. It is a part of the route in any case.
func isMarked(f []byte) bool {
	return len(f) >= len(traceMark)+parentLength && len(f) <= maxEnvelopeTrace && string(f[:len(traceMark)]) == traceMark
}
