package interop

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// A stream is n messages whose content follows from their number, alike here and in every peer. Message i is a topic, if there are any, as many empty frames as Shapes[i][0]
// says, the frame "name i", and frames of the sizes in the rest of Shapes[i]; every Large-th ends in
// one of 1 MiB.
type stream struct {
	Name   string   `json:"name"`
	N      int      `json:"n"`
	Shapes [][]int  `json:"shapes"`
	Large  int      `json:"large"`
	Topics []string `json:"topics,omitempty"`
}

// shapes end where libzmq treats frames differently: 33 bytes are the most that it keeps in a
// message, 255 the most that ZMTP counts in one byte, 8,192 the size of its buffers. The rest is what
// people send.
var shapes = [][]int{
	{0}, {0, 0}, {0, 0, 0, 1}, {1}, {1, 0}, {2, 5, 0, 7}, {0, 31, 32, 33, 34}, {0, 100}, {0, 254, 255, 256},
	{1, 8191}, {0, 8192}, {0, 0, 8193, 0}, {0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {0, 64}, {0, 65535, 65536},
}

func streamOf(name string, n int, topics ...string) stream {
	return stream{name, n, shapes, n / 2, topics}
}

// withoutEmpty is s without its empty frames.
func (s stream) withoutEmpty() stream {
	var shapes [][]int
	for _, shape := range s.Shapes {
		full := []int{0}
		for _, n := range shape[1:] {
			if n > 0 {
				full = append(full, n)
			}
		}
		shapes = append(shapes, full)
	}
	s.Shapes = shapes
	return s
}

const (
	size = 1 << 20
	step = 104729
)

var block = sync.OnceValue(func() []byte { return sha3.SumSHAKE128([]byte("sockeye"), 2*size) })

// message returns the frames of message i.
func (s stream) message(i int) [][]byte {
	frames := s.topic(i)
	shape := s.Shapes[i%len(s.Shapes)]
	for range shape[0] {
		frames = append(frames, []byte{})
	}
	frames = append(frames, fmt.Appendf(nil, "%s %d", s.Name, i))
	at := i * step % size
	add := func(n int) {
		frames = append(frames, block()[at:at+n:at+n])
		at = (at + step) % size
	}
	for _, n := range shape[1:] {
		add(n)
	}
	if i%s.Large == s.Large-1 {
		add(size)
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
		if len(f) > 0 {
			number, ok := strings.CutPrefix(string(f[:min(len(f), 64)]), s.Name+" ")
			if i, err := strconv.Atoi(number); ok && err == nil && i < s.N {
				return i
			}
			break
		}
	}
	return -1
}

// part is the tally of the messages whose topic fits, and an empty one that is due as many.
func (s stream) part(fits func(topic string) bool) (sent, received *tally) {
	sent, received = newTally(s, 1), newTally(s, 1)
	for i := range s.N {
		if fits(string(s.topic(i)[0])) {
			sent.add(s.message(i))
		}
	}
	received.due = sent.count
	return sent, received
}

// tally counts messages and checks each: its content, and that its lane is in order. Lanes are
// senders: message i belongs to lane i % lanes. With no lanes any order is right.
type tally struct {
	stream stream
	due    int           // how many close done
	done   chan struct{} // all are here

	mu     sync.Mutex
	last   []int        // guarded by mu: by lane
	seen   map[int]bool // guarded by mu: without lanes
	count  int          // guarded by mu
	digest uint64       // guarded by mu: a sum, so that lanes may interleave
	wrong  string       // guarded by mu: the first fault
}

// total is what a tally comes to.
type total struct {
	Count  int    `json:"count"`
	Digest string `json:"digest"`
	Wrong  string `json:"wrong"`
}

func newTally(s stream, lanes int) *tally {
	t := &tally{stream: s, due: s.N, done: make(chan struct{}), last: make([]int, lanes), seen: map[int]bool{}}
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
	t.mu.Lock()
	defer t.mu.Unlock()
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
	if t.count++; t.count == t.due {
		close(t.done)
	}
}

// fault notes what is wrong with the message at hand. Caller holds mu.
func (t *tally) fault(what string) {
	if t.wrong == "" {
		t.wrong = fmt.Sprintf("message %d: %s", t.count, what)
	}
}

func (t *tally) total() total {
	t.mu.Lock()
	defer t.mu.Unlock()
	return total{t.count, fmt.Sprintf("%016x", t.digest), t.wrong}
}

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

func (t total) String() string {
	b, _ := json.Marshal(t)
	return string(b)
}
