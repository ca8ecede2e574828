package fake

import "syscall"

// fault is what a call answers instead of doing anything.
type fault struct {
	errno syscall.Errno
	times int
}

// Fail makes the next calls of this name answer errno, so many times: "socket", "bind", "connect",
// "unbind", "disconnect", "subscribe", "unsubscribe", "monitor", "send", "receive", "events", "close",
// "poll". The thread's own sockets are spared.
func (n *Net) Fail(call string, errno syscall.Errno, times int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults[call] = &fault{errno, times}
	for s := range n.open {
		s.signal() // whatever waits is to find out
	}
}

// failing is what call is to answer, 0 if it is to work. Caller holds mu.
func (n *Net) failing(call string) syscall.Errno {
	f := n.faults[call]
	if f == nil || f.times == 0 {
		return 0
	}
	f.times--
	return f.errno
}
