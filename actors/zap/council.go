package zap

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

// council asks Decide, on goroutines of its own, so many at a time. A callback that does not return keeps
// its goroutine; the others go on. What it has no room for is turned down.
type council struct {
	most  int // goroutines
	queue int // requests that wait

	mu      sync.Mutex
	waiting []consultation // guarded by mu
	running int            // guarded by mu
}

type consultation struct {
	request Request
	decide  func(Request) Decision
	due     time.Time
	answer  func(Decision)
}

// ask has answer called with the decision, on another goroutine, and reports false if there is no room.
func (k *council) ask(c consultation) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.running < k.most:
		k.running++
		go k.run(c)
	case len(k.waiting) < k.queue:
		k.waiting = append(k.waiting, c)
	default:
		return false
	}
	return true
}

// run serves one consultation after the other, as long as there are any. A Goexit in a callback ends the
// goroutine; the next takes over.
func (k *council) run(c consultation) {
	ended := false
	defer func() {
		if !ended {
			k.next()
		}
	}()
	for ok := true; ok; c, ok = k.take() {
		if time.Now().Before(c.due) { // otherwise it has been answered
			c.hear()
		}
	}
	ended = true
}

// next starts a goroutine in place of one that has ended.
func (k *council) next() {
	if c, ok := k.take(); ok {
		go k.run(c)
	}
}

// take returns who has waited longest; if there is nobody the goroutine is to end.
func (k *council) take() (consultation, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.waiting) == 0 {
		k.running--
		k.waiting = nil
		return consultation{}, false
	}
	c := k.waiting[0]
	k.waiting[0] = consultation{}
	k.waiting = k.waiting[1:]
	return c, true
}

// hear calls the callback. Whatever that does, there is an answer.
func (c *consultation) hear() {
	d := Decision{Status: StatusFailed, Reason: "Decide called runtime.Goexit"}
	defer func() {
		if r := recover(); r != nil {
			d = Decision{Status: StatusFailed, Reason: "Decide panicked: " + panicText(r)}
		}
		c.answer(d)
	}()
	d = c.decide(c.request).sound()
}

// panicText is what was panicked with, if it is the runtime's: anything else may quote a password.
func panicText(r any) string {
	if err, ok := r.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("with a %T", r)
}
