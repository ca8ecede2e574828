package fake

import (
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
)

// poller reports sockets with commands that they have not processed.
type poller struct {
	net    *Net
	bell   chan struct{}   // rung by signal
	tokens map[*socket]any // guarded by net.mu
	order  []*socket       // guarded by net.mu
}

// Add implements native.Poller.
func (p *poller) Add(s native.Socket, token any) error {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	f := s.(*socket)
	if err := f.fault("watch"); err != nil {
		return err
	}
	f.poller, p.tokens[f] = p, token
	p.order = append(p.order, f)
	p.ring()
	return nil
}

// Want implements native.Poller.
func (p *poller) Want(native.Socket, zmq.State) {}

// Remove implements native.Poller.
func (p *poller) Remove(s native.Socket) {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	f := s.(*socket)
	f.poller = nil
	delete(p.tokens, f)
	p.order = without(p.order, f)
}

// Wait implements native.Poller.
func (p *poller) Wait(block bool, ready func(any)) error {
	p.net.mu.Lock()
	errno := p.net.faults.repeated("poll")
	p.net.mu.Unlock()
	if errno != 0 {
		return native.Error(errno)
	}
	for {
		tokens, spurious := p.readable()
		for _, t := range tokens {
			ready(t)
		}
		if !block || len(tokens) > 0 || spurious {
			return nil
		}
		<-p.bell
	}
}

func (p *poller) readable() (tokens []any, spurious bool) {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	for _, s := range p.order {
		if s.commands {
			tokens = append(tokens, p.tokens[s])
		}
	}
	return tokens, p.net.unlucky(p.net.luck.Spurious)
}

// ring ends a Wait. Caller holds net.mu.
func (p *poller) ring() {
	select {
	case p.bell <- struct{}{}:
	default:
	}
}

// Close implements native.Poller.
func (p *poller) Close() error { return nil }
