package registry

import (
	"sync/atomic"
	"time"
)

// jitter is how far two readings of the two clocks behind a time.Time may lie apart before it takes a look at
// the third, which is slower.
const jitter = int64(5 * time.Millisecond)

// calibration says where the clock of boottime stood beside the monotonic one. Immutable.
type calibration struct {
	wall int64 // the wall clock less the monotonic one
	boot int64 // that of boottime less the monotonic one
}

var (
	origin     = time.Now()
	calibrated atomic.Pointer[calibration]
)

// now is the time on a clock that goes on while the machine is suspended, in nanoseconds since some moment.
//
// On Linux that is CLOCK_BOOTTIME (clock_gettime(2)), which is a system call of 370 ns where the other two
// clocks are read in 60. But a suspension moves the wall clock beside the monotonic one by the same step, and
// otherwise only who sets the wall clock does: so it is asked when they have moved, and no sooner.
func now() int64 {
	t := time.Now()
	mono := int64(t.Sub(origin))
	wall := t.UnixNano() - mono
	c := calibrated.Load()
	if c == nil || wall-c.wall > jitter || c.wall-wall > jitter {
		return calibrate()
	}
	return mono + c.boot
}

// calibrate reads all clocks. It is never early: the monotonic one is read first.
func calibrate() int64 {
	var best calibration
	var at int64
	for try, width := 0, time.Duration(1<<62); try < 4 && width > 20*time.Microsecond; try++ {
		t := time.Now()
		boot := boottime()
		if w := time.Since(t); w < width {
			mono := int64(t.Sub(origin))
			width, best = w, calibration{t.UnixNano() - mono, boot - mono}
		}
		at = boot
	}
	calibrated.Store(&best)
	return at
}
