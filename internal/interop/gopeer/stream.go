package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

const (
	size = 1 << 20
	step = 104729 // prime: no two frames of a message begin alike
)

var block = sync.OnceValue(func() []byte { return sha3.SumSHAKE128([]byte("sockeye"), 2*size) })

// A stream is n messages whose content follows from their number, made here as in the test's
// stream_test.go. Message i is a topic, if there are any, empty frames, "name i", and frames of these
// sizes.
type stream struct {
	Name   string   `json:"name"`
	N      int      `json:"n"`
	Shapes [][]int  `json:"shapes"`
	Large  int      `json:"large"`
	Topics []string `json:"topics"`
}

func (s stream) message(i int) [][]byte {
	frames := s.topic(i)
	shape := s.Shapes[i%len(s.Shapes)]
	for range shape[0] {
		frames = append(frames, []byte{})
	}
	frames = append(frames, fmt.Appendf(nil, "%s %d", s.Name, i))
	sizes := shape[1:]
	if i%s.Large == s.Large-1 {
		sizes = append(sizes[:len(sizes):len(sizes)], size)
	}
	at := i * step % size
	for _, n := range sizes {
		frames = append(frames, block()[at:at+n:at+n])
		at = (at + step) % size
	}
	return frames
}

func (s stream) topic(i int) [][]byte {
	if len(s.Topics) == 0 {
		return nil
	}
	return [][]byte{[]byte(s.Topics[i%len(s.Topics)])}
}

// index is which message frames say they are, -1 if none.
func (s stream) index(frames [][]byte) int {
	for _, f := range frames[min(len(frames), len(s.topic(0))):] {
		if len(f) == 0 {
			continue
		}
		number, ok := strings.CutPrefix(string(f[:min(len(f), 64)]), s.Name+" ")
		if i, err := strconv.Atoi(number); ok && err == nil && i >= 0 && i < s.N {
			return i
		}
		return -1
	}
	return -1
}

// A tally counts messages and checks each: its content, and that its lane is in order. Lanes are
// senders: message i belongs to lane i % lanes. With no lanes any order is right.
type tally struct {
	stream stream
	last   []int        // by lane
	seen   map[int]bool // without lanes
	count  int
	digest uint64 // a sum, so that lanes may interleave
	wrong  string // the first fault
}

// total is what a tally comes to.
type total struct {
	Count  int    `json:"count"`
	Digest string `json:"digest"`
	Wrong  string `json:"wrong"`
}

func newTally(s stream, lanes int) *tally {
	t := &tally{stream: s, last: make([]int, lanes), seen: map[int]bool{}}
	for i := range t.last {
		t.last[i] = -1
	}
	return t
}

func (t *tally) add(frames [][]byte) {
	h := sha256.New()
	for _, f := range frames {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(f))))
		h.Write(f)
	}
	t.count++
	t.digest += binary.BigEndian.Uint64(h.Sum(nil))
	i, lanes := t.stream.index(frames), len(t.last)
	switch {
	case i < 0 || !equal(frames, t.stream.message(i)):
		t.fault("not as it was sent: " + describe(frames))
	case lanes == 0 && t.seen[i]:
		t.fault(fmt.Sprint(i, " twice"))
	case lanes == 0:
		t.seen[i] = true
	case i <= t.last[i%lanes]:
		t.fault(fmt.Sprintf("%d behind %d", i, t.last[i%lanes]))
	default:
		t.last[i%lanes] = i
	}
}

// fault notes what is wrong with the message at hand.
func (t *tally) fault(what string) {
	if t.wrong == "" {
		t.wrong = fmt.Sprintf("message %d: %s", t.count-1, what)
	}
}

func (t *tally) total() *total { return &total{t.count, fmt.Sprintf("%016x", t.digest), t.wrong} }

func equal(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func describe(frames [][]byte) string {
	var b strings.Builder
	for _, f := range frames {
		fmt.Fprintf(&b, "%d:%q ", len(f), f[:min(len(f), 20)])
	}
	return b.String()
}
