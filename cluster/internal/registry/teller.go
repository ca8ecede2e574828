package registry

import "sync"

// teller makes calls, one at a time, on a goroutine that ends when there is nothing to tell. However often it is
// poked meanwhile, it has one call to make, with the latest state.
type teller struct {
	mu *sync.Mutex // the Registry's

	// next returns what to call, or nil. Called under mu.
	next func() func()

	busy, again, stopped bool // guarded by mu
}

// poke has it look for something to tell. Guarded by mu.
func (t *teller) poke() {
	if t.stopped {
		return
	}
	t.again = true
	if !t.busy {
		t.busy = true
		go t.run()
	}
}

func (t *teller) run() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.again && !t.stopped {
		t.again = false
		if call := t.next(); call != nil {
			t.mu.Unlock()
			call()
			t.mu.Lock()
			t.again = true // what to tell may be more than one call
		}
	}
	t.busy = false
}
