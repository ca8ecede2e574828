package main

import (
	"runtime"

	"github.com/sockeye-mq/sockeye/messages"
)

// countAllocs counts the heap allocations of a stream over tcp in one process, the sender's own
// included, and then those of the sender's loop alone, which sends nothing. A tenth of the messages
// goes ahead and is not counted: the sender waits until they have arrived, or it would be ahead of what
// is counted by all that the connection holds.
func countAllocs(j *job) error {
	c := newCheck(j.series())
	ahead := c.count / 10 / batchMessages * batchMessages // whole batches, or the sender would wait for what it has
	var before, after uint64
	if ahead > 0 {
		arrived := make(chan bool)
		c.from, c.onFrom = ahead-1, func() { close(arrived) }
		c.at, c.gate = ahead, func() {
			<-arrived
			before = mallocs()
		}
	}
	c.onLast = func() { after = mallocs() }
	if err := j.both(c); err != nil {
		return err
	}
	all := float64(after-before) / float64(c.count-ahead)
	own, err := j.ownAllocs(j.series())
	if err != nil {
		return err
	}
	return j.report(values{"all": all, "without the sender's own": all - own})
}

// ownAllocs are those of the sender's loop, for each message.
func (j *job) ownAllocs(s series) (float64, error) {
	loop := func() error { // pebbe's
		buf := make([]byte, s.size)
		for i := range s.count {
			s.message(i, buf)
		}
		return nil
	}
	if o := map[string]*sockeye{batch: {way: inBatches}, single: {way: oneByOne}}[j.subject]; o != nil {
		loop = func() error { return o.each(s, discard) }
	}
	before := mallocs()
	err := loop()
	return float64(mallocs()-before) / float64(s.count), err
}

// discard is a sender that sends nothing.
func discard(m any, _ int) error {
	runtime.KeepAlive(m)
	if b, ok := m.(*messages.Batch); ok {
		b.Release()
	}
	return nil
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}
