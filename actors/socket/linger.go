package socket

import "time"

// closeLinger is the linger of the native socket. What does not send has nothing to linger for: a
// SUB would wait for publishers that have gone, to tell them its subscriptions.
func (b *box) closeLinger() time.Duration {
	if !b.pattern.sends() {
		return 0
	}
	return b.desired.option.linger()
}

// reopenLinger is the linger of a native socket that has failed. A request that gets no reply is not
// worth waiting for: it is sent again, or its sender knows.
func (b *box) reopenLinger() time.Duration {
	if b.cfg.Type == Req {
		return 0
	}
	return b.closeLinger()
}

// lingerOn bounds what a Poison may take. Stop reaches an actor that is suspended, too.
func (b *box) lingerOn() {
	root, self, linger := b.system.Root, b.self, b.cfg.Options.linger()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last != nil || b.stopped {
		return
	}
	b.deadline = time.Now().Add(linger)
	b.last = time.AfterFunc(linger, func() {
		b.mu.Lock()
		b.lapsed = true
		b.mu.Unlock()
		root.Stop(self)
	})
	time.AfterFunc(patience, b.excuse)
}

// lastLinger is what a Poison has left of the linger for what libzmq holds; a tenth of it at least.
// Caller holds mu.
func (b *box) lastLinger() time.Duration {
	linger := b.closeLinger()
	if b.deadline.IsZero() {
		return linger
	}
	return min(linger, max(linger/10, time.Until(b.deadline)))
}

// Ended implements zmqthread.Port.
func (b *box) Ended() (linger time.Duration, ended bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.finalLinger, b.stopped
}
