package main

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Words of CHP. hugz and thanks stand where updates have their keys, and so are no keys.
const (
	icanhaz = "ICANHAZ?"
	thanks  = "KTHXBAI"
	hugz    = "HUGZ"
)

// Bounds of what is taken from a peer, beside the socket's MaxMessage.
const (
	maxKey   = 4096 // bytes: subscribers subscribe to them
	maxProps = 4096 // bytes
	maxTTL   = 10 * 365 * 24 * time.Hour
)

// DecodeError is what is wrong with a message of RFC 12/CHP.
type DecodeError struct {
	Frame int // counted from 0
	Why   string
}

func (e *DecodeError) Error() string { return fmt.Sprintf("chp: frame %d %s", e.Frame, e.Why) }

// update is any message of CHP but ICANHAZ: KVSYNC, KVPUB, KVSET, HUGZ, KTHXBAI.
type update struct {
	key      string
	sequence uint64
	uuid     string // 16 bytes, or none
	props    string // lines of name=value
	value    string // of KTHXBAI: the subtree. An empty one deletes the key

	expires time.Time // of a value that is kept; zero: never. Does not travel
}

// decode decodes an update.
func decode(frames [][]byte) (update, error) {
	if len(frames) != 5 {
		return update{}, &DecodeError{len(frames), "is not the end: there are 5"}
	}
	u := update{key: string(frames[0]), uuid: string(frames[2]), props: string(frames[3]), value: string(frames[4])}
	switch {
	case len(u.key) == 0 || len(u.key) > maxKey:
		return update{}, &DecodeError{0, "is no key: 1 to 4096 bytes"}
	case len(frames[1]) != 8:
		return update{}, &DecodeError{1, "is no sequence number: 8 bytes"}
	case len(u.uuid) != 0 && len(u.uuid) != 16:
		return update{}, &DecodeError{2, "is no UUID: 16 bytes, or none"}
	case len(u.props) > maxProps:
		return update{}, &DecodeError{3, "is longer than 4096 bytes"}
	}
	u.sequence = binary.BigEndian.Uint64(frames[1])
	for line := range strings.Lines(u.props) {
		if line != "\n" && (!strings.Contains(line, "=") || !strings.HasSuffix(line, "\n")) { // an empty line is what the Guide's servers send for none
			return update{}, &DecodeError{3, "has a line that is not name=value"}
		}
	}
	return u, nil
}

// frames is what decode decodes.
func (u update) frames() [][]byte {
	return [][]byte{[]byte(u.key), binary.BigEndian.AppendUint64(nil, u.sequence), []byte(u.uuid), []byte(u.props), []byte(u.value)}
}

// prop is the first property of that name, and whether there is one.
func (u update) prop(name string) (string, bool) {
	for line := range strings.Lines(u.props) {
		if n, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok && n == name {
			return value, true
		}
	}
	return "", false
}

// ttl is how long the value is to live; 0: until it is deleted.
func (u update) ttl() (time.Duration, error) {
	text, ok := u.prop("ttl")
	if !ok {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || time.Duration(n) > maxTTL/time.Second {
		return 0, &DecodeError{3, "has a ttl that is no number of seconds"}
	}
	return time.Duration(n) * time.Second, nil
}

// withTTL are the properties of a value that lives so long, in whole seconds, rounded up; 0: for ever.
func withTTL(ttl time.Duration) string {
	if ttl <= 0 {
		return ""
	}
	return fmt.Sprintf("ttl=%d\n", (ttl+time.Second-1)/time.Second)
}

// decodeRequest decodes ICANHAZ and returns the subtree that is asked for.
func decodeRequest(frames [][]byte) (subtree string, err error) {
	switch {
	case len(frames) != 2:
		return "", &DecodeError{len(frames), "is not the end: there are 2"}
	case string(frames[0]) != icanhaz:
		return "", &DecodeError{0, "is not ICANHAZ?"}
	}
	subtree = string(frames[1])
	if !isSubtree(subtree) {
		return "", &DecodeError{1, "is no subtree: /path/, or nothing"}
	}
	return subtree, nil
}

func isSubtree(s string) bool {
	return s == "" || len(s) > 2 && len(s) <= maxKey && s[0] == '/' && s[len(s)-1] == '/' && !strings.Contains(s, "//")
}
