package fake

import "github.com/sockeye-mq/sockeye/messages"

// large implements native.Large.
type large struct {
	net     *Net
	message Message // guarded by net.mu: nil when it was copied or freed
}

// Uncopied is how many large messages were received and neither copied nor freed.
func (n *Net) Uncopied() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.uncopied
}

// withhold hands m over without copying it. Caller holds mu.
func (n *Net) withhold(m Message) *large {
	n.uncopied++
	return &large{net: n, message: m}
}

func (l *large) take() Message {
	l.net.mu.Lock()
	defer l.net.mu.Unlock()
	m := l.message
	if l.message = nil; m != nil {
		l.net.uncopied--
	}
	return m
}

// Size implements native.Large.
func (l *large) Size() int {
	l.net.mu.Lock()
	defer l.net.mu.Unlock()
	return size(l.message)
}

// Glimpse implements native.Large.
func (l *large) Glimpse() *messages.Batch {
	l.net.mu.Lock()
	defer l.net.mu.Unlock()
	b := &messages.Batch{}
	if len(l.message) > 0 {
		first := l.message[0]
		b.Append(first[:min(1, len(first))])
	}
	if len(l.message) > 1 {
		b.Lens[0] |= messages.More
	}
	return b
}

// Batch implements native.Large.
func (l *large) Batch() *messages.Batch {
	m := l.take()
	if m == nil {
		return nil
	}
	b := &messages.Batch{}
	b.Append(m...)
	return b
}

// Free implements native.Large.
func (l *large) Free() { l.take() }
