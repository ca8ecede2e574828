package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

// check is the receiving side of a measurement. It verifies message after message and keeps the time
// as libzmq's local_thr does: the clock runs from the first message to the last.
//
// Owned by the receiver until done is closed.
type check struct {
	series
	from   uint64 // the clock starts when this message has come
	onFrom func() // called then, if set
	onLast func() // called when the last has come, if set

	seen  uint64
	begin time.Time
	took  time.Duration
	err   error

	done  chan struct{}
	extra atomic.Int64 // messages that came after that
}

func newCheck(s series) *check { return &check{series: s, done: make(chan struct{})} }

// more reports whether there is something to wait for.
func (c *check) more() bool { return c.err == nil && c.seen < c.count }

// see verifies the next message.
func (c *check) see(m []byte) {
	i := c.seen
	if !c.more() {
		c.extra.Add(1)
		return
	}
	if !c.is(m, i) {
		c.err = c.wrong(m, i)
		close(c.done)
		return
	}
	c.seen++
	if i == c.from {
		c.begin = time.Now()
		call(c.onFrom)
	}
	if c.seen == c.count {
		c.took = time.Since(c.begin)
		call(c.onLast)
		close(c.done)
	}
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// wait returns when all have come, or one was wrong.
func (c *check) wait() error {
	<-c.done
	return c.err
}

// result is what the receiver found out, once there is nothing more that could come.
func (c *check) result() error {
	if n := c.extra.Load(); n > 0 && c.err == nil {
		return fmt.Errorf("%d messages too many came", n)
	}
	return c.err
}

// rate is messages per second. local_thr, too, divides all messages by the time that it took all but
// the first.
func (c *check) rate() float64 { return float64(c.count-c.from) / c.took.Seconds() }
