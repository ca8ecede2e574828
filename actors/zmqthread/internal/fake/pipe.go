package fake

import (
	"encoding/binary"

	zmq "github.com/pebbe/zmq4"
)

// end is one side of a pipe. Guarded by Net.mu.
type end struct {
	owner    *socket
	peer     *end
	endpoint string
	id       []byte // what a ROUTER calls the peer

	in      []Message // on their way to owner, or there
	length  int       // how many of them there may be
	visible int       // how many of them owner knows of
	asleep  bool      // owner has found it empty: it looks again when it is told
	told    bool      // and it was
	room    int       // how many more owner knows it may send
	granted int       // by the peer, which has read as many, and owner does not know yet
	read    int       // since the last grant
	active  bool      // owner knows of this pipe
	closing bool      // the peer is gone: read what is left, send nothing
	fd      uint32    // what monitors call the connection
}

const noLimit = 1 << 30

// join makes a pipe between c, which connects, and b, which is bound.
func join(c, b *socket, endpoint string) {
	n := c.net
	for _, s := range []*socket{c, b} {
		if s.full() {
			return // a PAIR has one peer
		}
	}
	n.ids++
	id := binary.BigEndian.AppendUint32([]byte{0}, n.ids)
	x := &end{owner: c, endpoint: endpoint, id: id, length: length(b, c)}
	y := &end{owner: b, endpoint: endpoint, id: id, length: length(c, b)}
	x.peer, y.peer, x.room, y.room = y, x, y.length, x.length
	for _, e := range []*end{x, y} {
		e.owner.ends = append(e.owner.ends, e)
		e.owner.signal()
	}
	x.joined(zmq.EVENT_CONNECTED)
	y.joined(zmq.EVENT_ACCEPTED)
}

// length is how many messages fit into the pipe from one socket to another.
func length(from, to *socket) int {
	if from.raw == nil || to.raw == nil {
		return noLimit // a monitor
	}
	send, err1 := from.raw.GetSndhwm()
	receive, err2 := to.raw.GetRcvhwm()
	if err1 != nil || err2 != nil || send == 0 || receive == 0 {
		return noLimit
	}
	return send + receive
}

// push sends m to the peer, which is told only if it is asleep.
func (e *end) push(m Message) {
	e.room--
	p := e.peer
	p.in = append(p.in, m)
	if p.asleep && !p.told {
		p.told = true
		p.owner.signal()
	}
}

// ready reports whether there is something to receive; if not, the owner has to be told when there is.
func (e *end) ready() bool {
	if e.visible == 0 && e.active && !e.asleep && !e.still() {
		e.visible = len(e.in)
		e.asleep = e.visible == 0
	}
	return e.visible > 0
}

// pop receives a message; one is ready. The peer learns of the room when half the pipe was read.
func (e *end) pop() Message {
	m := e.in[0]
	e.in[0] = nil
	e.in = e.in[1:]
	e.visible--
	if e.read++; e.peer != nil && e.read >= (e.length+1)/2 {
		e.peer.granted += e.read
		e.read = 0
		e.peer.owner.signal()
	}
	return m
}

// still: nothing moves on this pipe.
func (e *end) still() bool { return e.owner.stalled || e.peer != nil && e.peer.owner.stalled }

// part ends the pipe from e's side. What e has sent stays for the peer to read if it is kept.
func (e *end) part(keep bool) {
	p := e.peer
	if p == nil {
		return
	}
	if !keep {
		e.owner.net.lose(e.owner, p.in)
		p.in, p.visible = nil, 0
	}
	e.left()
	p.left()
	e.peer, p.peer, p.closing, e.closing = nil, nil, true, true
	p.owner.signal()
	e.owner.signal()
}
