package mdp

import (
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"
)

// MalformedError says why something is no command.
type MalformedError struct {
	Why    string
	Frames int  // how many there were
	Role   Role // who it seems to be from, or for; 0: nobody knows
}

// Error implements error.
func (e *MalformedError) Error() string {
	return fmt.Sprintf("malformed MDP command of %d frames: %s", e.Frames, e.Why)
}

// ToBroker decodes what a broker has received, without the identity that its ROUTER has put in front. The
// error is a *MalformedError.
func ToBroker(frames [][]byte) (Command, error) {
	return decode(frames, map[Role][]Kind{Client: {Request}, Worker: {Ready, Partial, Final, Heartbeat, Disconnect}})
}

// FromBroker decodes what a client or a worker has received. A REQ takes the empty frame of V1 away: give
// it back first. The error is a *MalformedError.
func FromBroker(frames [][]byte) (Command, error) {
	return decode(frames, map[Role][]Kind{Client: {Final, Partial}, Worker: {Request, Heartbeat, Disconnect}})
}

// decode takes what is one of kinds. What has no code of its own is the first.
func decode(frames [][]byte, kinds map[Role][]Kind) (c Command, err error) {
	fail := func(format string, args ...any) (Command, error) {
		return Command{}, &MalformedError{fmt.Sprintf(format, args...), len(frames), c.Role}
	}
	rest, ok := c.begin(frames)
	if !ok {
		return fail("it has no header")
	}
	if codes := codes[c.Role][c.Version]; codes == nil {
		c.Kind = kinds[c.Role][0]
	} else {
		if len(rest) == 0 || len(rest[0]) != 1 || rest[0][0] < 1 || int(rest[0][0]) > len(codes) {
			return fail("it has no command")
		}
		c.Kind, rest = codes[rest[0][0]-1], rest[1:]
	}
	if !slices.Contains(kinds[c.Role], c.Kind) {
		return fail("%v, in the wrong direction", c.Kind)
	}
	if c.Role == Client || c.Kind == Ready {
		if len(rest) == 0 || !Named(rest[0]) {
			return fail("%v without a service", c.Kind)
		}
		c.Service, rest = string(rest[0]), rest[1:]
	} else if c.Kind.talks() {
		if len(rest) < 2 || len(rest[0]) == 0 || len(rest[0]) > 255 || len(rest[1]) != 0 {
			return fail("%v without a client's address", c.Kind)
		}
		c.Address, rest = rest[0], rest[2:]
	}
	if (len(rest) > 0) != c.Kind.talks() {
		return fail("%v with a body of %d frames", c.Kind, len(rest))
	}
	c.Body = rest[:len(rest):len(rest)]
	return c, nil
}

// begin takes the header, and what a V1 command has in front of it.
func (c *Command) begin(frames [][]byte) (rest [][]byte, ok bool) {
	if len(frames) == 0 {
		return nil, false
	}
	at := 0
	h, ok := headers[string(frames[0])]
	if !ok || h.version != V2 {
		at = 1 + slices.IndexFunc(frames[:min(len(frames), MaxEnvelope+1)], func(f []byte) bool { return len(f) == 0 })
		if at == 0 || at == len(frames) {
			return nil, false
		}
		if h, ok = headers[string(frames[at])]; !ok || h.version != V1 || h.role == Worker && at > 1 {
			return nil, false
		}
		c.Envelope = frames[: at-1 : at-1]
	}
	c.Role, c.Version = h.role, h.version
	return frames[at+1:], true
}

// Named reports whether name is one for a service: 1 to 255 bytes of printable UTF-8. The RFCs want a
// printable string; the rest is ours.
func Named(name []byte) bool {
	if len(name) == 0 || len(name) > 255 || !utf8.Valid(name) {
		return false
	}
	for _, r := range string(name) {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// Frames encodes c: what a DEALER sends, or what a ROUTER sends behind the identity. It is nil for a kind
// that c's version and role do not have.
func (c Command) Frames() [][]byte {
	var frames [][]byte
	if c.Version == V1 {
		frames = append(slices.Clone(c.Envelope), []byte{})
	}
	frames = append(frames, header(c.Role, c.Version))
	if c.Role != Client || c.Version != V1 {
		code := 1 + slices.Index(codes[c.Role][c.Version], c.Kind)
		if code == 0 {
			return nil
		}
		frames = append(frames, []byte{byte(code)})
	}
	if c.Role == Client || c.Kind == Ready {
		frames = append(frames, []byte(c.Service))
	} else if c.Kind.talks() {
		frames = append(frames, c.Address, []byte{})
	}
	return append(frames, c.Body...)
}
