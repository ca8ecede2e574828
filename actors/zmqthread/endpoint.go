package zmqthread

import (
	"errors"
	"slices"
	"strings"
	"syscall"

	zmq "github.com/pebbe/zmq4"
)

func (l *Link) bind(endpoint string) error {
	reserved, err := l.reserve(endpoint)
	if err == nil {
		err = l.socket.Bind(endpoint)
	}
	if err != nil {
		if reserved {
			l.cede(endpoint)
		}
		return op("bind", endpoint, l.held(endpoint, err))
	}
	at, err := l.socket.LastEndpoint()
	if err != nil || at == "" {
		at = endpoint
	}
	l.asked, l.bound = append(l.asked, endpoint), append(l.bound, at)
	l.hold(at)
	l.monitor.came(at)
	if reserved && at != endpoint {
		l.cede(endpoint)
	}
	l.meet(endpoint, true)
	return nil
}

// bindFailed is the event, once for all tries. The monitor's come with each of them.
func (l *Link) bindFailed(endpoint string, err error) {
	var n syscall.Errno
	var z zmq.Errno
	if !errors.As(err, &n) && errors.As(err, &z) {
		n = syscall.Errno(z)
	}
	l.port.Event(Event{Event: zmq.EVENT_BIND_FAILED, Endpoint: endpoint, Value: uint32(n)})
}

func (l *Link) unbind(endpoint string) error {
	i := slices.Index(l.bound, endpoint)
	if i < 0 {
		i = slices.Index(l.asked, endpoint)
	}
	if i < 0 {
		return op("unbind", endpoint, syscall.ENOENT)
	}
	at := l.bound[i]
	if err := l.socket.Unbind(at); err != nil {
		return op("unbind", endpoint, err)
	}
	l.letGo(at)
	l.part(l.asked[i], true)
	l.asked, l.bound = slices.Delete(l.asked, i, i+1), slices.Delete(l.bound, i, i+1)
	l.parted(at, true)
	return nil
}

func (l *Link) connect(endpoint string) error {
	if err := l.socket.Connect(endpoint); err != nil {
		return op("connect", endpoint, err)
	}
	l.connected = append(l.connected, endpoint)
	l.monitor.came(endpoint)
	l.wired = l.wired || !strings.HasPrefix(endpoint, "inproc://")
	l.meet(endpoint, false)
	return nil
}

// disconnect asks libzmq only for what it was connected to: for anything else it would ask the network
// for names, on this thread. Of an adopted socket nobody knows. Who has connected to the same endpoint several
// times has disconnected all of them, as libzmq does.
func (l *Link) disconnect(endpoint string) error {
	if !l.adopted && !slices.Contains(l.connected, endpoint) {
		return op("disconnect", endpoint, syscall.ENOENT)
	}
	if err := l.socket.Disconnect(endpoint); err != nil {
		return op("disconnect", endpoint, err)
	}
	l.connected = slices.DeleteFunc(l.connected, func(e string) bool { return e == endpoint })
	l.part(endpoint, false)
	l.parted(endpoint, false)
	return nil
}

// dial connects with options of its own. However it ends, the socket's are as they were.
func (l *Link) dial(m *Do) error {
	err := m.Set(l.socket.Raw())
	if err == nil {
		err = l.connect(m.Argument)
	}
	return errors.Join(err, m.Reset(l.socket.Raw()))
}

func (l *Link) hangUp(endpoint string) error {
	if !slices.Contains(l.connected, endpoint) {
		return nil
	}
	err := l.disconnect(endpoint)
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, zmq.Errno(syscall.ENOENT)) {
		l.connected = slices.DeleteFunc(l.connected, func(e string) bool { return e == endpoint })
		l.parted(endpoint, false)
		return nil
	}
	return err
}

// hungUp reports whether libzmq's I/O thread has taken the connection's pipe from the socket, too, as far as that can
// be told: zmq_disconnect does not wait for it, and until then a message can still go into it. A socket that has
// no other connection has no room for one any more; a REQ that waits for a reply does not say.
func (l *Link) hungUp(m *Do) (bool, error) {
	if m.attempts++; m.attempts < hangUpLeast || !l.hasOut {
		return m.attempts >= hangUpLeast, nil
	}
	events, again, err := l.events()
	return err != nil || !again && events&zmq.POLLOUT == 0 || m.attempts > hangUpMost, err
}

// In tries of a millisecond each.
const (
	hangUpLeast = 20
	hangUpMost  = 1000
)

func (l *Link) meet(endpoint string, bound bool) {
	if strings.HasPrefix(endpoint, "inproc://") {
		l.meets = append(l.meets, meets{endpoint, bound})
		l.thread.context.meet(endpoint, l, bound)
	}
}

func (l *Link) part(endpoint string, bound bool) {
	for i := slices.Index(l.meets, meets{endpoint, bound}); i >= 0; i = slices.Index(l.meets, meets{endpoint, bound}) {
		l.meets = slices.Delete(l.meets, i, i+1)
		l.thread.context.part(endpoint, l, bound)
	}
}
