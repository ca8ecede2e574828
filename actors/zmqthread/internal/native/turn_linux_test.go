package native

import (
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockeye-mq/sockeye/messages"
)

// BenchmarkTurn is how long the thread is busy with one message, in the middle and at most, in each
// direction, over tcp, when somebody else copies what is received.
func BenchmarkTurn(b *testing.B) {
	for _, real := range []Real{{}, {Plain: true}} {
		for _, size := range []int{16 << 10, 64<<10 + 1, 256<<10 + 1, 1 << 20, 16 << 20, 64 << 20} {
			b.Run(fmt.Sprintf("plain=%v/%dKiB", real.Plain, size>>10), func(b *testing.B) {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				push, pull := pair(b, real, "tcp://127.0.0.1:*")
				frames := [][]byte{make([]byte, size)}
				b.SetBytes(int64(size))
				var send, recv stopwatch
				copier := make(chan Large, 1)
				done := make(chan struct{})
				go func() {
					defer close(done)
					for l := range copier {
						l.Batch()
					}
				}()
				into := messages.NewBatch()
				for b.Loop() {
					for send.time(func() bool { return push.SendFrames(frames).Errno == syscall.EAGAIN }) {
					}
					var got Got
					for recv.time(func() bool { got = pull.Recv(into, copying); return got.Errno == syscall.EAGAIN && into.Count == 0 }) {
						pull.Events()
						push.Events()
					}
					if got.Large != nil {
						copier <- got.Large
					}
					into.Data = into.Data[:0:min(cap(into.Data), 1<<20)] // as the thread does
				}
				close(copier)
				<-done
				send.report(b, "send")
				recv.report(b, "recv")
			})
		}
	}
}

// stopwatch times calls that did something, by what the calling OS thread has worked: on a machine
// that has other things to do, the clock on the wall would say how long the thread had to wait.
type stopwatch []time.Duration

func (s *stopwatch) time(again func() bool) bool {
	start := worked()
	if again() {
		return true
	}
	*s = append(*s, worked()-start)
	return false
}

func worked() time.Duration {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
	return time.Duration(t.Nano())
}

func (s stopwatch) report(b *testing.B, what string) {
	slices.Sort(s)
	b.ReportMetric(float64(s[len(s)/2].Nanoseconds())/1e3, "µs/"+what)
	b.ReportMetric(float64(s[len(s)-1].Nanoseconds())/1e3, "µs-most/"+what)
}
