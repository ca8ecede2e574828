package zmqthread

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
)

// monitor receives a socket's connection events. It is one more descriptor in the poll, not one
// more thread. Owned by the thread.
type monitor struct {
	link  *Link
	pair  native.Socket
	place place
	last  bool // the socket is closed, and what is still to come is its end
	over  bool // which has come: libzmq has let go of everything

	mu   sync.Mutex
	live map[uint32]met // guarded by mu: by descriptor
	deaf []func()       // guarded by mu: what makes connections hear again
	cut  bool           // guarded by mu: the linger is over

	began map[uint32]began // by descriptor
	left  []left           // endpoints that are no longer in use; see parted

	unwanted []unwanted // of cuts that are still in force; see Cut
}

// monitors numbers their endpoints: every socket ever opened needs its own (facts Z7).
var monitors atomic.Int64

const turnEvents = 256

func (l *Link) startMonitor() error {
	at := fmt.Sprintf("inproc://sockeye-monitor-%d", monitors.Add(1))
	// In the context of the socket: that of an adopted one is not ours. A monitor without a peer
	// blocks libzmq's thread with its first event.
	pair, err := l.socket.Sibling(zmq.PAIR)
	if err != nil {
		return op("new monitor", "", err)
	}
	// libzmq blocks its own thread, and ours, when events find this full. It is emptied in every
	// turn, so what bounds it is what can happen meanwhile.
	pair.Raw().SetRcvhwm(0)
	if err := l.socket.Monitor(at); err != nil {
		pair.Close(0)
		return op("monitor", at, err)
	}
	m := &monitor{link: l, pair: pair}
	if err = pair.Connect(at); err == nil {
		err = l.thread.poller.Add(pair, m)
	}
	if err != nil {
		l.socket.Monitor("")
		pair.Close(0)
		return op("monitor", at, err)
	}
	m.live, m.began = map[uint32]met{}, map[uint32]began{}
	l.monitor = m
	l.thread.table.enqueue(m) // its descriptor says nothing until it was read once (facts Z3)
	return nil
}

func (m *monitor) state() *place { return &m.place }

func (m *monitor) serve() (again bool, err error) {
	switch e := m.read(); {
	case m.over:
		return false, nil
	case e == syscall.Errno(zmq.ETERM), e == syscall.ENOTSOCK:
		m.over = true // there is nothing left to report on
		return false, nil
	case e != syscall.EAGAIN:
		return true, nil
	}
	events, err := m.pair.Events()
	return events&zmq.POLLIN != 0, err
}

// read hands on what there is, within a budget.
func (m *monitor) read() syscall.Errno {
	b := m.link.thread.table.scratch
	got := m.pair.Recv(b, native.Limit{Messages: turnEvents, Bytes: 1 << 20, Message: 1 << 20})
	var event Event
	first := true
	for f, last := range b.Frames() {
		switch {
		case first && len(f) == 6: // event and value, in the machine's byte order
			event = Event{
				Event: zmq.Event(binary.NativeEndian.Uint16(f)),
				Value: binary.NativeEndian.Uint32(f[2:]),
			}
		case last:
			event.Endpoint = string(f)
			m.note(event)
		}
		first = last
	}
	return got.Errno
}

// note keeps the books of connections, and hands an event on.
func (m *monitor) note(e Event) {
	switch e.Event {
	case zmq.EVENT_MONITOR_STOPPED:
		m.over = true
		return
	case zmq.EVENT_BIND_FAILED:
		return // see Link.bindFailed
	}
	if m.stray(e) {
		return
	}
	switch e.Event {
	case zmq.EVENT_ACCEPTED, zmq.EVENT_CONNECTED:
		m.began[e.Value] = began{e.Endpoint, e.Event == zmq.EVENT_ACCEPTED}
		peer, c, ok := native.Met(int(e.Value), e.Endpoint, e.Event == zmq.EVENT_ACCEPTED)
		if ok {
			e.Peer = peer
			m.mu.Lock()
			m.live[e.Value] = met{c, addrOf(peer), e.Event == zmq.EVENT_ACCEPTED}
			m.severOne(e.Value)
			m.mu.Unlock()
			m.late(e.Value)
		}
	case zmq.EVENT_DISCONNECTED:
		m.ended(e)
		return
	}
	m.tell(e)
}

// ended forgets a connection.
func (m *monitor) ended(e Event) {
	delete(m.began, e.Value)
	m.mu.Lock()
	delete(m.live, e.Value)
	m.mu.Unlock()
	m.tell(e)
}

// tell hands an event on while there is an owner for it.
func (m *monitor) tell(e Event) {
	if !m.last {
		m.link.port.Event(e)
	}
}

// connections is how many there are.
func (m *monitor) connections() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.live)
}

// sever is for when the linger is over: from here on no connection may end under libzmq's hands. One that
// was accepted is cut, and stays so. One that was made would be made again, so over TCP it is kept
// from hearing of its end instead. From any goroutine.
func (m *monitor) sever() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cut = true
	for fd := range m.live {
		m.severOne(fd)
	}
}

// severOne severs a connection when it is time, or when it was made later. Caller holds mu.
func (m *monitor) severOne(fd uint32) {
	if !m.cut {
		return
	}
	c := m.live[fd]
	delete(m.live, fd)
	if m.link.connects() {
		if hear := c.Deafen(); hear != nil {
			m.deaf = append(m.deaf, hear)
			return
		}
	}
	c.Cut()
}

// close stops the monitor first and closes the PAIR when it has said its last word: the other order
// hangs libzmq's thread (facts Z7).
func (m *monitor) close() {
	m.link.socket.Monitor("")
	for range 1 << 10 {
		if m.read() != 0 {
			break
		}
	}
	m.end()
}

// end closes the PAIR, which nobody writes to any more.
func (m *monitor) end() {
	m.place.gone = true
	m.link.thread.poller.Remove(m.pair)
	m.pair.Close(0)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, hear := range m.deaf {
		hear()
	}
	m.deaf = nil
}
