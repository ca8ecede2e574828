package native

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"testing"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/messages"
)

// Large messages whose sender keeps nothing of them arrive as they were while the garbage collector
// does its worst.
func TestLargeUnderGC(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	var over atomic.Bool
	defer over.Store(true)
	go func() {
		for !over.Load() {
			runtime.GC()
			scribble() // over what should not have been freed
		}
	}()
	const count = 20
	for transport, endpoint := range transports(t) {
		t.Run(transport, func(t *testing.T) {
			borrows(t)
			push, pull := pair(t, Real{}, endpoint)
			sent := make(chan error, 1)
			go func() {
				for i := range count {
					frames := [][]byte{binary.BigEndian.AppendUint64(nil, uint64(i)), noise(1<<20+i, byte(i)), noise(70<<10, byte(2*i))}
					n := push.SendFrames(frames).Errno
					for ; n == syscall.EAGAIN; n = push.SendFrames(frames).Errno {
						runtime.Gosched()
					}
					if n != 0 {
						sent <- n
						return
					}
				}
				sent <- nil
			}()
			for i := range count {
				f, _ := receive(t, pull, copying)
				if len(f) != 3 || binary.BigEndian.Uint64(f[0]) != uint64(i) ||
					!bytes.Equal(f[1], noise(1<<20+i, byte(i))) || !bytes.Equal(f[2], noise(70<<10, byte(2*i))) {
					t.Fatal("message", i, "arrived as another one")
				}
			}
			if err := <-sent; err != nil {
				t.Fatal(err)
			}
		})
	}
}

func scribble() {
	for range 4 {
		f := make([]byte, 1<<20)
		for i := range f {
			f[i] = 0xee
		}
	}
}

// A large message breaks off in the middle, or is discarded, because its peer dies while it is sent.
// It can be sent again as a whole, to another peer, and the next one arrives behind it (facts Z1).
// libzmq forgets some of its frames; see pin.go.
func TestBrokenLargeMessage(t *testing.T) {
	data := noise(100<<10, 1)
	var broken [][]byte
	for i := range 20_000 {
		broken = append(broken, fmt.Appendf(nil, "broken%d", i))
		if i%5_000 == 0 {
			broken = append(broken, data)
		}
	}
	again := 0
	for try := range 30 {
		if breakLarge(t, broken, try*100) {
			again++
		}
	}
	t.Log(again, "of 30 broke off")
}

func breakLarge(t *testing.T, broken [][]byte, delay int) (again bool) {
	s := newScene(t, Real{})
	s.connect()
	victim := s.peer
	dead := make(chan struct{})
	go func() {
		for range delay {
			runtime.Gosched()
		}
		victim.Close(0)
		close(dead)
	}()
	got := s.push.SendFrames(broken)
	<-dead
	again = got.Errno == syscall.EAGAIN
	if !again && got.Errno != 0 {
		t.Fatal(got)
	}
	s.await(func() bool { e, _ := s.push.Events(); return e&zmq.POLLOUT == 0 }) // it has heard of it
	s.connect()
	healthy := s.peer
	if again {
		send(t, s.push, broken...)
	}
	send(t, s.push, []byte("next"), broken[1])
	b := messages.NewBatch()
	limit := Limit{Messages: 1, Bytes: 1 << 20, Message: 1 << 40, Copy: 256 << 10}
	for want := range map[bool]int{true: 2, false: 1}[again] {
		var batch *messages.Batch
		s.await(func() bool {
			got := healthy.Recv(b, limit)
			if batch = b; got.Large != nil {
				batch = got.Large.Batch()
			}
			return batch.Count > 0
		})
		f := batch.Messages()[0].Frames
		first := again && want == 0
		if first && (len(f) != len(broken) || string(f[0]) != "broken0") || !first && (len(f) != 2 || string(f[0]) != "next") {
			t.Fatalf("%d frames that begin with %q", len(f), f[0])
		}
	}
	return again
}
