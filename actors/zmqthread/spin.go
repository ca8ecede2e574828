package zmqthread

import (
	"runtime"
	"sync/atomic"
	"time"
)

// defaultSpin is about a round trip on the loopback: whoever waits for an answer to what it has just
// sent finds it while it is still awake.
const defaultSpin = 200 * time.Microsecond

// spin is a wait without sleep, which a thread that is woken again within microseconds does better
// with: being put to sleep and woken costs more than that, for it and for whoever wakes it. It is worth
// the CPU time only if the wake-ups come as fast as that, and if each brings so little that it is the
// wake-up that counts: a stream of messages goes the faster the more the processors are left to the
// others who work on it. So the last few waits decide, and what they brought.
//
// At most half of the machine's processors spin, or on two the threads would keep one another, and
// libzmq's I/O threads, from the work they wait for. Owned by the thread.
type spin struct {
	limit time.Duration // 0: never
	score int           // rises with each wait that was short enough, and falls with each that was not
	began time.Time     // this wait
	moved int           // messages, and 4 KiB of them, since the last wait
}

// few is how many messages a wake-up may bring, sent and received, for the next to be waited for awake.
const few = 8

// maxScore is how many waits in vain it takes to give up.
const maxScore = 4

// spinners are the threads of this process that spin at the moment.
var spinners atomic.Int32

func (s *spin) pays() bool { return s.limit > 0 && s.score > 0 }

// over notes how long a wait was.
func (s *spin) over(waited time.Duration) {
	if s.limit == 0 {
		return
	}
	moved := s.moved
	s.moved = 0
	if moved <= few && waited <= s.limit {
		s.score = min(s.score+1, maxScore)
	} else {
		s.score = max(s.score-1, 0)
	}
}

// spinFor waits for work, awake, as long as that may pay, and reports whether there is some. It is
// not asleep meanwhile: nobody rings.
func (t *Thread) spinFor() (found bool) {
	t.spin.began = time.Now()
	if t.spinner == nil || !t.spin.pays() {
		return false
	}
	defer spinners.Add(-1)
	if int(spinners.Add(1)) > runtime.NumCPU()/2 {
		return false
	}
	if found = t.spinner.Spin(t.spin.limit, &t.news, t.table.ready); found {
		waited := time.Since(t.spin.began)
		t.meter.spun += waited
		t.spin.over(waited)
	}
	return found
}

// handOn lets another processor have what this thread has just made runnable. Go puts that where only
// the processor of this thread takes it at once, since as a rule whoever wakes a goroutine is about to
// stop. Others take it from there after a sleep of 3 µs, which the system makes 50 of. But this thread
// goes to wait in C. So one more goroutine, which does nothing, takes the place, and pushes the one
// that matters to where all others look first.
func (t *Thread) handOn() {
	if t.woke.Load() {
		t.woke.Store(false)
		go func() {}()
	}
}
