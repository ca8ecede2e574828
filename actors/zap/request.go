package zap

import (
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/sockeye-mq/sockeye/actors/curve"
	"github.com/sockeye-mq/sockeye/actors/socket"
)

// Request is what libzmq asks about a peer (RFC 27). All strings come from it or from the peer, and have
// 255 bytes at most.
type Request struct {
	ID        []byte // opaque; libzmq's is always "1"
	Domain    string // ZMQ_ZAP_DOMAIN of the server
	Address   string // the peer's, without a port; over ipc ":uid:gid:pid", or ""
	Identity  string // ZMQ_ROUTING_ID of the server, in libzmq 4.3
	Mechanism string // "NULL", "PLAIN", "CURVE" or "GSSAPI"

	Username  string        // PLAIN
	Password  socket.Secret // PLAIN; events are without it
	Key       string        // CURVE: the peer's public key, in Z85
	Principal string        // GSSAPI
}

// MalformedError says what is wrong with a request.
type MalformedError struct {
	ID     []byte // of the request, nil: it has none, so that it cannot be answered
	Status int    // 500: not a request of ZAP 1.0; 400: one with a mechanism or credentials that are none
	Reason string
}

func (e *MalformedError) Error() string { return "malformed ZAP request: " + e.Reason }

// The frames of a request, behind the empty one.
const (
	fVersion = iota
	fID
	fDomain
	fAddress
	fIdentity
	fMechanism
	fCredentials
)

const (
	version    = "1.0"
	maxString  = 255
	maxRequest = 64 << 10 // bytes, all frames
	maxFrames  = fCredentials + 2
)

// Decode takes a request apart: the frames behind the empty one. Whatever they are, it returns a request
// or a *MalformedError. It copies what it keeps.
func Decode(frames [][]byte) (*Request, error) {
	if len(frames) <= fID {
		return nil, &MalformedError{nil, StatusFailed, fmt.Sprintf("%d frames, not even a request id", len(frames))}
	}
	id := append([]byte{}, frames[fID]...)
	wrong := func(status int, format string, a ...any) (*Request, error) {
		return nil, &MalformedError{id, status, fmt.Sprintf(format, a...)}
	}
	if len(id) > maxString {
		id = []byte{}
		return wrong(StatusFailed, "a request id of %d bytes", len(frames[fID]))
	}
	switch {
	case string(frames[fVersion]) != version:
		return wrong(StatusFailed, "version %s", quoted(frames[fVersion]))
	case len(frames) < fCredentials:
		return wrong(StatusFailed, "%d frames, at least %d are due", len(frames), fCredentials)
	case len(frames) > maxFrames:
		return wrong(StatusFailed, "%d frames, no mechanism has so many", len(frames))
	}
	for _, f := range frames {
		if len(f) > maxString {
			return wrong(StatusFailed, "a frame of %d bytes, a string has %d at most", len(f), maxString)
		}
	}
	r := &Request{ID: id, Domain: string(frames[fDomain]), Address: string(frames[fAddress]),
		Identity: string(frames[fIdentity]), Mechanism: string(frames[fMechanism])}
	if reason := r.credentials(frames[fCredentials:]); reason != "" {
		return wrong(StatusRefused, "%s", reason)
	}
	return r, nil
}

// credentials reads the frames that a mechanism has, or says what is wrong with them.
func (r *Request) credentials(frames [][]byte) (wrong string) {
	due, known := map[string]int{isNull: 0, isPlain: 2, isCurve: 1, isGSSAPI: 1}[r.Mechanism]
	switch {
	case !known:
		return "mechanism " + quoted([]byte(r.Mechanism))
	case len(frames) != due:
		return fmt.Sprintf("%s with %d frames of credentials", r.Mechanism, len(frames))
	}
	switch r.Mechanism {
	case isPlain:
		r.Username, r.Password = string(frames[0]), socket.Secret(frames[1])
	case isCurve:
		if len(frames[0]) != 32 {
			return fmt.Sprintf("CURVE with a key of %d bytes", len(frames[0]))
		}
		r.Key = curve.Encode([32]byte(frames[0]))
	case isGSSAPI:
		r.Principal = string(frames[0])
	}
	return ""
}

// The mechanisms, as they are named in requests.
const (
	isNull   = "NULL"
	isPlain  = "PLAIN"
	isCurve  = "CURVE"
	isGSSAPI = "GSSAPI"
)

// quoted is the beginning of something unknown, for a reason.
func quoted(b []byte) string { return fmt.Sprintf("%.32q", b) }

// addr is the IP address, the zero Addr if there is none. An IPv4 address is one however it is written,
// and none has a zone.
func (r *Request) addr() netip.Addr {
	a, err := netip.ParseAddr(r.Address)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// who names the peer by its credentials.
func (r *Request) who() string {
	switch r.Mechanism {
	case isPlain:
		return fmt.Sprintf("PLAIN user %q", r.Username)
	case isCurve:
		return "CURVE key " + r.Key
	case isGSSAPI:
		return fmt.Sprintf("GSSAPI principal %q", r.Principal)
	}
	return r.Mechanism
}

// String is who it is, from where, in which domain.
func (r Request) String() string {
	return fmt.Sprintf("%s from %q in domain %q", r.who(), r.Address, r.Domain)
}

// LogValue is String, for log/slog.
func (r Request) LogValue() slog.Value { return slog.StringValue(r.String()) }
