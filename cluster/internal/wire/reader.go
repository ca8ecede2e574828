package wire

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"

	"github.com/asynkron/protoactor-go/actor"
)

// reader reads the items of a frame, from whomever. It reads no more than there is, and keeps no more than a
// few words for each byte.
type reader struct {
	rest    []byte
	here    string // the receiving system's address: of targets
	types   []string
	targets []*actor.PID
	senders []*actor.PID
}

var (
	errNumber = errors.New("a number that is none")
	errName   = errors.New("a name that was not given")
	errText   = errors.New("a name that is empty, too long or no UTF-8")
	errFlags  = errors.New("unknown flags")
)

func (r *reader) uint() (uint64, error) {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		return 0, errNumber
	}
	r.rest = r.rest[n:]
	return v, nil
}

func (r *reader) bytes() ([]byte, error) {
	n, err := r.uint()
	if err != nil {
		return nil, err
	}
	if n > uint64(len(r.rest)) {
		return nil, errShort
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b, nil
}

// name reads a name that must be one.
func (r *reader) name() (string, error) {
	b, err := r.bytes()
	if err != nil {
		return "", err
	}
	if len(b) == 0 || len(b) > maxName || !utf8.Valid(b) {
		return "", errText
	}
	return string(b), nil
}

func (r *reader) request() (uint32, error) {
	v, err := r.uint()
	if err == nil && v>>32 != 0 {
		err = errNumber
	}
	return uint32(v), err
}

// known reads a number of a name; 0: it follows.
func (r *reader) known(have int) (int, error) {
	n, err := r.uint()
	if err == nil && n > uint64(have) {
		err = errName
	}
	return int(n), err
}

// next reads an item. The error is a *FrameError: nothing behind it can be read.
func (r *reader) next() (it item, err error) {
	if len(r.rest) == 0 {
		return it, malformed("item: %w", errShort)
	}
	flags := r.rest[0]
	r.rest = r.rest[1:]
	if flags&^allFlags != 0 || flags&flagRequest != 0 && flags&flagSender == 0 {
		return it, malformed("item: %w", errFlags)
	}
	it.system = flags&flagSystem != 0
	if it.typ, err = r.typeName(); err != nil {
		return it, malformed("type: %w", err)
	}
	if it.target, err = r.target(flags&flagTarget != 0); err != nil {
		return it, malformed("target: %w", err)
	}
	if flags&flagSender != 0 {
		if it.sender, err = r.sender(flags&flagRequest != 0); err != nil {
			return it, malformed("sender: %w", err)
		}
	}
	if flags&flagHeaders != 0 {
		if it.headers, err = r.headers(); err != nil {
			return it, malformed("headers: %w", err)
		}
	}
	if it.payload, err = r.bytes(); err != nil {
		return it, malformed("payload: %w", err)
	}
	return it, nil
}

func (r *reader) typeName() (string, error) {
	n, err := r.known(len(r.types))
	if err != nil {
		return "", err
	}
	if n > 0 {
		return r.types[n-1], nil
	}
	s, err := r.name()
	if err == nil {
		r.types = append(r.types, s)
	}
	return s, err
}

func (r *reader) target(hasRequest bool) (pid *actor.PID, err error) {
	n, err := r.known(len(r.targets))
	if err != nil {
		return nil, err
	}
	if n == 0 {
		id, err := r.name()
		if err != nil {
			return nil, err
		}
		r.targets = append(r.targets, &actor.PID{Address: r.here, Id: id})
		n = len(r.targets)
	}
	return r.withRequest(r.targets[n-1], hasRequest)
}

func (r *reader) sender(hasRequest bool) (pid *actor.PID, err error) {
	n, err := r.known(len(r.senders))
	if err != nil {
		return nil, err
	}
	if n == 0 {
		address, err := r.name()
		if err != nil {
			return nil, err
		}
		id, err := r.name()
		if err != nil {
			return nil, err
		}
		r.senders = append(r.senders, &actor.PID{Address: address, Id: id})
		n = len(r.senders)
	}
	return r.withRequest(r.senders[n-1], hasRequest)
}

// withRequest is pid with the RequestId that follows. The PID in the list stays without.
func (r *reader) withRequest(pid *actor.PID, has bool) (*actor.PID, error) {
	if !has {
		return pid, nil
	}
	request, err := r.request()
	return &actor.PID{Address: pid.Address, Id: pid.Id, RequestId: request}, err
}

func (r *reader) headers() (map[string]string, error) {
	n, err := r.uint()
	if err != nil {
		return nil, err
	}
	if n == 0 || n > uint64(len(r.rest))/2 {
		return nil, errNumber
	}
	h := map[string]string{} // it grows with what is read, not with what is claimed
	for range n {
		k, err := r.bytes()
		if err != nil {
			return nil, err
		}
		v, err := r.bytes()
		if err != nil {
			return nil, err
		}
		if !utf8.Valid(k) || !utf8.Valid(v) {
			return nil, errText
		}
		h[string(k)] = string(v)
	}
	return h, nil
}
