package chaos

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// flow is numbered messages on their way to a receiver of this process, and what has arrived.
type flow struct {
	x        *world
	name     string
	from, to *actor.PID // nil: in another process
	receiver *receiver
	steady   bool // no native socket of it is ever lost

	sent atomic.Uint64 // the last number

	mu      sync.Mutex
	seen    bits              // guarded by mu: of what is sent in this process
	top     map[string]uint64 // guarded by mu: by connection
	arrived uint64            // guarded by mu: different ones, where from is here
	mark    uint64            // guarded by mu: numbers above it were sent after the last kill
	marked  time.Time         // guarded by mu: when that was; zero: not yet
}

// numbered is message number n: three frames, the last of which may be large.
func numbered(n uint64, over string) *messages.Message {
	size := n % 100
	if n%997 == 0 {
		size = 100_000
	}
	pad := make([]byte, size)
	for i := range pad {
		pad[i] = byte(n)
	}
	return messages.Bytes(binary.BigEndian.AppendUint64(nil, n), []byte(over), pad)
}

// number is the number of a message of which every byte is right.
func number(f [][]byte) (n uint64, over string, ok bool) {
	if len(f) != 3 || len(f[0]) != 8 {
		return 0, "", false
	}
	n = binary.BigEndian.Uint64(f[0])
	over = string(f[1])
	want := numbered(n, over).Frames[2]
	return n, over, string(want) == string(f[2])
}

// feed puts messages into a socket at a steady pace until it is over. From another process they carry
// which incarnation of it they are from, and when.
func feed(over <-chan bool, sender actor.SenderContext, pid *actor.PID, sent *atomic.Uint64, from string) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return nil
		case <-tick.C:
		}
		b, over := messages.NewBatch(), from
		if from != "" {
			over = fmt.Sprint(from, " ", time.Now().UnixNano())
		}
		for range 8 {
			b.Append(numbered(sent.Add(1), over).Frames...)
		}
		ctx, cancel := context.WithTimeout(context.Background(), rig.Patience)
		_, err := messages.Call(ctx, sender, pid, &messages.Offer{Batch: b, Accept: true})
		cancel()
		if err != nil {
			return err
		}
	}
}

func (f *flow) run() {
	if err := feed(f.x.over, f.x.Root, f.from, &f.sent, ""); err != nil {
		f.x.T.Errorf("%s: accepts nothing: %v", f.name, err)
	}
}

// take checks what arrives: whole, never twice, and on each connection in its order.
func (f *flow) take(c actor.Context, m *messages.Message) {
	n, over, ok := number(m.Body())
	if !ok {
		f.x.T.Errorf("%s: damaged: %.100q", f.name, m.Frames)
		return
	}
	over, at, far := strings.Cut(over, " ")
	if m.Envelope > 0 {
		over = string(m.Frames[0]) // of a ROUTER: each connection has its name
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if last := f.top[over]; n <= last {
		f.x.T.Errorf("%s: %d came after %d over %q", f.name, n, last, over)
	}
	f.top[over] = n
	if f.from != nil {
		if !f.seen.set(n) {
			f.x.T.Errorf("%s: %d came twice", f.name, n)
		}
		f.arrived++
	}
	sent, _ := strconv.ParseInt(at, 10, 64)
	if !f.marked.IsZero() && (far && sent > f.marked.UnixNano() || !far && n > f.mark) {
		f.x.recovered(f.name, f.marked)
	}
}

// markNow has the first arrival noted of what is sent from now on.
func (f *flow) markNow() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mark, f.marked = f.sent.Load(), time.Now()
}

// judge compares what was sent with what has arrived, once nothing is under way.
func (f *flow) judge() {
	if f.from == nil || f.to == nil {
		return
	}
	var account string
	for end := time.Now().Add(rig.Patience); ; {
		var ok bool
		if account, ok = f.account(); ok {
			break
		}
		if time.Now().After(end) {
			f.x.T.Errorf("%s: %s", f.name, account)
			break
		}
		<-time.After(10 * time.Millisecond)
	}
	f.x.T.Logf("%-12s %s", f.name, account)
}

// account says where what has not arrived was lost.
func (f *flow) account() (string, bool) {
	from, to := f.x.Counts(f.from), f.x.Counts(f.to)
	r := f.receiver
	got, posted, dead := r.got.Load(), r.posted.Load(), r.dead.Load()
	f.mu.Lock()
	missing := int64(f.sent.Load() - f.arrived)
	f.mu.Unlock()
	wire := int64(from.Taken) - int64(to.Received) // what one end gave libzmq and the other never had from it
	dropped, discarded := total(to.Dropped), total(from.Discarded)
	ok := missing == wire+dropped+discarded+dead+posted-got && // and for each there is a reason:
		from.Queued+to.Held == 0 && int64(to.Delivered) == posted+dead &&
		dropped == int64(to.Dropped["failed"]) && discarded == 0 &&
		(dropped == 0 || r.onPost.sprung.Load() > 0) &&
		(dead+posted == got || r.replaced.Load() > 0) &&
		(wire == 0 || !f.steady)
	s := fmt.Sprintf("%d sent, %d missing: %d with a native socket, %d over a panic %v, %d sent to a receiver that had stopped, %d in its mailbox",
		f.sent.Load(), missing, wire, dropped, to.Dropped, dead, posted-got)
	if !ok {
		s += fmt.Sprintf("\n%+v\n%+v\nposted %d", from, to, posted)
	}
	return s, ok
}

func total(counts map[string]uint64) (n int64) {
	for _, c := range counts {
		n += int64(c)
	}
	return n
}

// bits are the numbers that were seen.
type bits []uint64

// set reports whether n is new.
func (b *bits) set(n uint64) bool {
	for uint64(len(*b)) <= n/64 {
		*b = append(*b, 0)
	}
	word, bit := &(*b)[n/64], uint64(1)<<(n%64)
	fresh := *word&bit == 0
	*word |= bit
	return fresh
}

func (b bits) has(n uint64) bool { return n/64 < uint64(len(b)) && b[n/64]>>(n%64)&1 == 1 }
