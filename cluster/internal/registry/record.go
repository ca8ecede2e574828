package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	maxValue   = 4 << 10 // bytes of a value in etcd
	maxAddress = 1 << 10
	z85Key     = 40 // characters of a CURVE key in Z85 (zmq_curve(7))
)

// Record is what stands under a name.
type Record struct {
	Address   string `json:"address"` // an endpoint to connect to: tcp://10.0.0.1:5555
	Member    string `json:"member"`  // who advertises it: set by the Registry
	ServerKey string `json:"key,omitempty"`
	Instance  string `json:"instance,omitempty"` // which native socket of the member's has the address, in a word of its own
	Owned     bool   `json:"owned,omitempty"`    // by the only one who may: Token says who is the latest
	Token     int64  `json:"token,omitempty"`    // the owner's, or that of Entry where there is none
}

// Entry is a record as it was found.
type Entry struct {
	Record
	Key      string // in etcd
	Lease    int64  // its member's
	Revision int64  // of its last change
}

// Info is what a member says of itself.
type Info struct {
	Host      string `json:"host,omitempty"` // where its sockets bind
	Address   string `json:"pids,omitempty"` // its actor system's address in PIDs
	Wire      string `json:"wire,omitempty"` // the endpoint for Proto.Actor messages
	ServerKey string `json:"key,omitempty"`  // its CURVE public key in Z85
}

// Member is a member as it was found.
type Member struct {
	Name string
	Info
	Lease    int64
	Revision int64 // of when it came: its record's create revision
}

// kv is a key as it stands.
type kv struct {
	key         string
	value       []byte
	lease       int64
	create, mod int64
}

func checkAddress(address string) error {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok || scheme == "" || rest == "" || len(address) > maxAddress || !printable(address) {
		return fmt.Errorf("address %.80q is not an endpoint", address)
	}
	return nil
}

func checkKey(key string) error {
	if key != "" && (len(key) != z85Key || !printable(key)) {
		return errors.New("a CURVE key has 40 characters of Z85")
	}
	return nil
}

// printable says whether s is all visible ASCII.
func printable(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

func (r Record) check() error {
	return errors.Join(checkAddress(r.Address), checkKey(r.ServerKey))
}

func (i Info) check() error {
	if len(i.Host) > maxAddress || !printable(i.Host) {
		return fmt.Errorf("host %.80q is none", i.Host)
	}
	if i.Wire != "" {
		if err := checkAddress(i.Wire); err != nil {
			return err
		}
	}
	return checkKey(i.ServerKey)
}

// encode returns v as it stands in etcd. What it is called with always can be encoded.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// decode reads what may be anybody's.
func decode(value []byte, to any) error {
	if len(value) > maxValue {
		return fmt.Errorf("a value of %d bytes", len(value))
	}
	return json.Unmarshal(value, to)
}

// decodeEntry reads the record at a key of name/<name>/.
func decodeEntry(at kv, prefix string) (Entry, error) {
	e := Entry{Key: at.key, Lease: at.lease, Revision: at.mod}
	member, err := candidate(strings.TrimPrefix(at.key, prefix))
	if err != nil {
		return Entry{}, err
	}
	if err := decode(at.value, &e.Record); err != nil {
		return Entry{}, err
	}
	if e.Member != member {
		return Entry{}, fmt.Errorf("a record of %.140q under a key of %s", e.Member, member)
	}
	if e.Token < 0 {
		return Entry{}, fmt.Errorf("token %d", e.Token)
	}
	if e.Token == 0 {
		e.Token = at.create
	}
	return e, e.check()
}

// candidate returns whose key the last part <member>-<n> of one is.
func candidate(last string) (member string, err error) {
	i := strings.LastIndexByte(last, '-')
	if i < 0 {
		return "", fmt.Errorf("key %.140q is not a member's", last)
	}
	if _, err := strconv.ParseUint(last[i+1:], 10, 64); err != nil {
		return "", fmt.Errorf("key %.140q is not a member's", last)
	}
	return last[:i], CheckName(last[:i])
}

// decodeMember reads the record at a key of member/.
func decodeMember(at kv, prefix string) (Member, error) {
	m := Member{Name: strings.TrimPrefix(at.key, prefix), Lease: at.lease, Revision: at.create}
	if err := CheckName(m.Name); err != nil {
		return Member{}, err
	}
	if err := decode(at.value, &m.Info); err != nil {
		return Member{}, err
	}
	return m, m.check()
}
