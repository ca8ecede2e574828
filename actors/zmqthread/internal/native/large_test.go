package native

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"
	"golang.org/x/sys/unix"

	"github.com/sockeye-mq/sockeye/messages"
)

// until polls a condition of libzmq's that has no event.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("waited in vain until", what)
		}
	}
}

// borrows makes t fail when something stays pinned or uncopied that was not before; lent is how much
// is at the moment.
func borrows(t *testing.T) (lent func() int) {
	before := Pinned()
	lent = func() int { return Pinned() - before }
	t.Cleanup(func() {
		until(t, "nothing is pinned", func() bool { return lent() == 0 })
		until(t, "nothing received is in libzmq's memory", func() bool { return Received() == 0 })
	})
	return lent
}

func transports(t *testing.T) map[string]string {
	dir, err := os.MkdirTemp("", "native")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return map[string]string{"inproc": "inproc://large", "tcp": "tcp://127.0.0.1:*", "ipc": "ipc://" + filepath.Join(dir, "s")}
}

// noise is a frame of n bytes, different for every seed.
func noise(n int, seed byte) []byte {
	f := make([]byte, n)
	for i := range f {
		f[i] = byte(i>>12^i) + seed
	}
	return f
}

func send(t testing.TB, s Socket, frames ...[]byte) {
	t.Helper()
	until(t, "the message is sent", func() bool { return s.SendFrames(frames).Errno == 0 })
}

// receive receives one message, and whether it came without having been copied.
func receive(t testing.TB, s Socket, limit Limit) (frames [][]byte, uncopied bool) {
	t.Helper()
	b := messages.NewBatch()
	limit.Messages = 1
	until(t, "a message is there", func() bool {
		got := s.Recv(b, limit)
		if got.Large == nil {
			return b.Count > 0
		}
		uncopied = true
		if b = got.Large.Batch(); len(b.Data) != got.Large.Size() || !b.Check() {
			t.Errorf("a large message of %d bytes has %d", got.Large.Size(), len(b.Data))
		}
		return true
	})
	return b.Messages()[0].Frames, uncopied
}

var static [1 << 20]byte // not on the heap

// mapped is a frame that Go knows nothing of.
func mapped(t *testing.T) []byte {
	data, err := unix.Mmap(-1, 0, 1<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	copy(data, "mapped")
	t.Cleanup(func() { unix.Munmap(data) })
	return data
}

// Messages of every shape arrive whole and in order, and nobody but the receiver copies the large ones.
func TestLargeShapes(t *testing.T) {
	middling := slices.Repeat([][]byte{noise(60<<10, 3)}, 100)
	shapes := map[string][][]byte{
		"one":      {noise(1<<20, 1)},
		"huge":     {noise(64<<20, 2)},
		"between":  {[]byte("id"), {}, noise(1<<20, 3), nil, noise(70<<10, 4), []byte("end")},
		"last":     {[]byte("id"), noise(200<<10, 5), noise(300<<10, 6)},
		"middling": middling,
		"many":     append(slices.Repeat([][]byte{[]byte("x")}, 5000), noise(1<<20, 7)),
		"static":   {static[:]},
		"mapped":   {mapped(t)},
	}
	borrows(t)
	for transport, endpoint := range transports(t) {
		for _, real := range []Real{{}, {Plain: true}} {
			t.Run(fmt.Sprintf("%s plain=%v", transport, real.Plain), func(t *testing.T) {
				push, pull := pair(t, real, endpoint)
				for name, frames := range shapes {
					send(t, push, []byte("before"))
					send(t, push, frames...)
					send(t, push, []byte("after"))
					for _, want := range [][][]byte{{[]byte("before")}, frames, {[]byte("after")}} {
						got, uncopied := receive(t, pull, copying)
						if !slices.EqualFunc(got, want, bytes.Equal) {
							t.Errorf("%s: %d frames arrived as %d others", name, len(want), len(got))
						}
						if large := len(slices.Concat(want...)) > int(copying.Copy); uncopied != (large && !real.Plain) {
							t.Errorf("%s: uncopied = %v", name, uncopied)
						}
					}
				}
			})
		}
	}
}

// A batch ends before a large message; one that is too large is skipped, whatever it begins with.
func TestLargeLimits(t *testing.T) {
	borrows(t)
	push, pull := pair(t, Real{}, "inproc://limits")
	small, big, tooBig := []byte("small"), noise(1<<20, 1), noise(3<<20, 2)
	for _, m := range [][][]byte{{small}, {big}, {tooBig}, {small, tooBig}, {small}, {noise(100<<10, 3), big, big}, {small}} {
		send(t, push, m...)
	}
	limit := Limit{Messages: 100, Bytes: 1 << 20, Message: 2 << 20, Copy: 256 << 10}
	var got []string
	b := messages.NewBatch()
	until(t, "all has arrived", func() bool {
		g := pull.Recv(b, limit)
		for _, m := range b.Messages() {
			got = append(got, m.Text())
		}
		if g.Large != nil {
			got = append(got, "large")
			g.Large.Free()
		}
		for range g.Skipped {
			got = append(got, "skipped")
		}
		return len(got) == 7
	})
	want := []string{"small", "large", "skipped", "skipped", "small", "skipped", "small"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	// One whose small frames alone are too much goes on being skipped with the large one.
	limit.Message = 1000
	send(t, push, noise(2000, 1), big)
	send(t, push, small)
	until(t, "the small one is there", func() bool {
		g := pull.Recv(b, limit)
		if g.Large != nil {
			t.Error("a message too large was not skipped")
			g.Large.Free()
		}
		return b.Count == 1
	})
}

// What a sender has lent comes back: after the message is through, after a close, at the context's end.
func TestPinsEnd(t *testing.T) {
	frames := [][]byte{[]byte("id"), noise(1<<20, 1), noise(1<<20, 2)}
	for transport, endpoint := range transports(t) {
		t.Run(transport, func(t *testing.T) {
			lent := borrows(t)
			push, pull := pair(t, Real{}, endpoint)
			send(t, push, frames...)
			receive(t, pull, copying)
			until(t, "a message that is through is not pinned", func() bool { return lent() == 0 })
		})
	}
	t.Run("nobody reads", func(t *testing.T) {
		lent := borrows(t)
		ctx, _ := Real{}.NewContext(1, 10)
		push, _ := ctx.NewSocket(zmq.PUSH)
		if err := push.Connect(transports(t)["ipc"]); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			send(t, push, frames...)
		}
		if n := lent(); n != 20 {
			t.Errorf("%d frames are pinned, want 20", n)
		}
		push.Close(0)
		ctx.Term()
		if n := lent(); n != 0 {
			t.Errorf("%d frames are pinned after the context's end", n)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		lent := borrows(t)
		ctx, _ := Real{}.NewContext(1, 10)
		defer ctx.Term()
		router, _ := ctx.NewSocket(zmq.ROUTER)
		defer router.Close(0)
		router.Raw().SetRouterMandatory(1)
		if s := router.SendFrames(frames); s.Errno != unix.EHOSTUNREACH {
			t.Errorf("%+v", s)
		}
		if n := lent(); n != 0 {
			t.Errorf("%d frames of a message that libzmq did not take are pinned", n)
		}
	})
}

// The timer finds what libzmq has freed when nobody sends any more.
func TestPinsEndAsleep(t *testing.T) {
	before := Pinned()
	push, pull := pair(t, Real{}, "inproc://asleep")
	send(t, push, noise(1<<20, 1))
	receive(t, pull, copying)
	until(t, "the timer has come", func() bool {
		pinned.mu.Lock()
		defer pinned.mu.Unlock()
		return len(pinned.held) == before
	})
}

// A message that is forgotten is freed by the garbage collector; and it is known.
func TestLargeForgotten(t *testing.T) {
	lent := borrows(t)
	push, pull := pair(t, Real{}, "inproc://forgotten")
	send(t, push, noise(1<<20, 1))
	b := messages.NewBatch()
	until(t, "it is there", func() bool { return pull.Recv(b, copying).Large != nil })
	until(t, "it is freed", func() bool {
		runtime.GC()
		return lent() == 0 // for it was the sender's memory all the way
	})
	if n := received.Swap(0); n != 1 {
		t.Errorf("%d messages were forgotten, want 1", n)
	}
}

// It is copied or freed once, whoever asks, and its glimpse is its beginning.
func TestLargeOnce(t *testing.T) {
	borrows(t)
	push, pull := pair(t, Real{}, "inproc://once")
	for _, c := range []struct {
		frames  [][]byte
		glimpse *messages.Batch
	}{
		{[][]byte{noise(1<<20, 9)}, &messages.Batch{Data: []byte{9}, Lens: []uint32{1}}},
		{[][]byte{noise(1<<20, 9), {}}, &messages.Batch{Data: []byte{9}, Lens: []uint32{1 | messages.More}}},
		{[][]byte{[]byte("ab"), noise(1<<20, 9)}, &messages.Batch{Data: []byte{'a'}, Lens: []uint32{1 | messages.More}}},
		{[][]byte{nil, noise(1<<20, 9)}, &messages.Batch{Lens: []uint32{messages.More}}},
	} {
		send(t, push, c.frames...)
		b := messages.NewBatch()
		var l Large
		until(t, "it is there", func() bool { l = pull.Recv(b, copying).Large; return l != nil })
		if g := l.Glimpse(); !bytes.Equal(g.Data, c.glimpse.Data) || !slices.Equal(g.Lens, c.glimpse.Lens) || g.Count != 1 {
			t.Errorf("glimpse %v %x, want %v %x", g.Data, g.Lens, c.glimpse.Data, c.glimpse.Lens)
		}
		if l.Batch() == nil || l.Batch() != nil {
			t.Error("not once")
		}
		l.Free()
		l.Glimpse()
	}
}
