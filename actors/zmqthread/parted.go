package zmqthread

import (
	"slices"
	"strings"

	zmq "github.com/pebbe/zmq4"
)

// began is a connection that libzmq has told of: where, and from which side.
type began struct {
	endpoint string
	accepted bool
}

// parted ends the connections of an endpoint that is no longer bound, or connected to. libzmq ends them too,
// but its monitor tells of connections that an error ends, only (stream_engine_base.cpp: terminate). Runs on
// the thread, after the native call.
func (l *Link) parted(endpoint string, bound bool) {
	m := l.monitor
	if m == nil {
		return
	}
	for range 1 << 10 { // what has happened before it
		if m.over || m.read() != 0 {
			break
		}
	}
	m.left = append(m.left, left{endpoint, endpoint})
	for fd, c := range m.began {
		if c.accepted == bound && (c.endpoint == endpoint || !bound && l.onlyOf(c.endpoint, endpoint)) {
			if c.endpoint != endpoint {
				m.left = append(m.left, left{endpoint, c.endpoint})
			}
			m.ended(Event{Event: zmq.EVENT_DISCONNECTED, Endpoint: c.endpoint, Value: fd})
		}
	}
	if n := len(m.left) - maxLeft; n > 0 {
		m.left = slices.Delete(m.left, 0, n)
	}
}

// onlyOf reports whether a connection to at can only be one that was asked for as endpoint. libzmq tells of
// a host's name when it connects for the first time, and of its address when it does so again.
func (l *Link) onlyOf(at, endpoint string) bool {
	port := func(e string) string { return e[strings.LastIndexByte(e, ':')+1:] }
	same := func(e string) bool { return e == at || port(e) == port(at) }
	return port(at) == port(endpoint) && !slices.ContainsFunc(l.connected, same)
}

// left is an endpoint that was given up, and what libzmq called it.
type left struct{ asked, told string }

// maxLeft bounds how many are remembered: a connection that was being made meanwhile is told of within
// milliseconds.
const maxLeft = 64

// came says that an endpoint is in use again.
func (m *monitor) came(endpoint string) {
	if m != nil {
		m.left = slices.DeleteFunc(m.left, func(x left) bool { return x.asked == endpoint || x.told == endpoint })
	}
}

// stray reports whether an event is of a connection to an endpoint that was given up: it has ended, or is
// about to, and nobody will say so.
func (m *monitor) stray(e Event) bool {
	switch e.Event {
	case zmq.EVENT_ACCEPTED, zmq.EVENT_CONNECTED, zmq.EVENT_DISCONNECTED, zmq.EVENT_HANDSHAKE_SUCCEEDED,
		zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.EVENT_HANDSHAKE_FAILED_AUTH:
		return slices.ContainsFunc(m.left, func(x left) bool { return x.told == e.Endpoint })
	}
	return false
}
