package fake

import (
	"syscall"

	zmq "github.com/pebbe/zmq4"
)

// What a test does to the world, and what it sees of it.

// Calm has nobody die any more.
func (n *Net) Calm() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.luck.Dies = 0
}

// Lost are the messages that went down with sockets: accepted by one, read by nobody.
func (n *Net) Lost() []Message {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]Message(nil), n.lost...)
}

// Flying is how many messages are in pipes.
func (n *Net) Flying() (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for s := range n.open {
		for _, e := range s.ends {
			count += len(e.in)
		}
	}
	return count
}

// Break makes the socket behind raw fail from now on, as a dead one does.
func (n *Net) Break(raw *zmq.Socket, errno syscall.Errno) {
	n.with(raw, func(s *socket) { s.broken = errno })
}

// Panic makes the next call that sends or receives on it panic.
func (n *Net) Panic(raw *zmq.Socket) { n.with(raw, func(s *socket) { s.panics = true }) }

// Stall makes the wire stand still: nothing moves between the socket and its peers.
func (n *Net) Stall(raw *zmq.Socket, still bool) {
	n.with(raw, func(s *socket) {
		s.stalled = still
		for _, e := range s.ends {
			if e.peer != nil {
				e.peer.owner.signal()
			}
		}
	})
}

// with changes the socket behind raw, which will notice. A socket that is closed is left alone.
func (n *Net) with(raw *zmq.Socket, change func(*socket)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for s := range n.open {
		if s.raw == raw {
			change(s)
			s.signal()
		}
	}
}

// Knock makes somebody connect to the socket behind raw whose handshake fails like this.
func (n *Net) Knock(raw *zmq.Socket, failed zmq.Event, value uint32) {
	n.with(raw, func(s *socket) {
		n.fds++
		fd := 1<<20 + n.fds
		s.report(zmq.EVENT_ACCEPTED, fd, "tcp://knock")
		s.report(failed, value, "tcp://knock")
		s.report(zmq.EVENT_DISCONNECTED, fd, "tcp://knock")
	})
}

// Peers is how many connections the socket behind raw has.
func (n *Net) Peers(raw *zmq.Socket) (count int) {
	n.with(raw, func(s *socket) {
		for _, e := range s.ends {
			if e.peer != nil {
				count++
			}
		}
	})
	return count
}

// Cut breaks the connections of the socket behind raw. What is in flight towards it is lost; they
// come back at once.
func (n *Net) Cut(raw *zmq.Socket) { n.with(raw, (*socket).cut) }
