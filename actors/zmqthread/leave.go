package zmqthread

import (
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"
)

// How a native socket is closed. docs/failure.md has the reasons and the figures.
//
// libzmq 4.3.4 aborts the process when a connection breaks after the socket's pipe was given up, by a
// linger of 0 or by one that has run out, while a multipart message was half on the wire
// (session_base.cpp:260, facts Z14). A connection that breaks while libzmq still lingers does no
// harm. So a socket that has connections is closed with a linger that is a margin longer than what
// was asked for, and its connections are severed, from outside, when that is over.
//
// Who has failed will open another socket, with the same addresses and identity. That waits until
// libzmq has let go of the old one altogether. It says when: the monitor's last event comes from the
// socket's destructor. Until then the monitor's PAIR stays open (facts Z7).
//
// Nothing is unbound before a close: that gives up the pipes at once, whatever the linger is.

const (
	// margin is how much longer libzmq lingers than it is given to send what it holds. What is severed
	// must be noticed by then, however busy the machine is.
	margin = time.Second
	// shortMargin is for a socket that connects. Connections that were cut must not be back by then,
	// which takes them ZMQ_RECONNECT_IVL, 100 ms by default; and what cannot hear is not over before.
	shortMargin = 50 * time.Millisecond
	// settling is how long libzmq has to begin with the close. A connection that breaks before that
	// leaves a session that waits out the whole linger, with nobody to send to.
	settling = 5 * time.Millisecond
	// grace is how much longer than that it may take to let go of a socket.
	grace = time.Second
)

// connects reports whether l makes connections, or has made some.
func (l *Link) connects() bool { return l.wired }

func (l *Link) margin() time.Duration {
	if l.connects() {
		return shortMargin
	}
	return margin
}

// close gives everything native back, for good. What libzmq holds is still sent for at most the
// linger.
func (l *Link) close(err error) {
	if l.place.gone {
		return
	}
	if l.delicate(l.open.Linger) {
		l.leave(l.open.Linger, err)
		return
	}
	l.retire()
	if l.monitor != nil {
		l.monitor.close()
	}
	l.shut(l.open.Linger, err)
}

// delicate reports whether there may be a multipart message half on the wire, now or before the linger
// is over: a socket that connects goes on trying.
func (l *Link) delicate(linger time.Duration) bool {
	return l.monitor != nil && l.open.Type != zmq.PULL && l.open.Type != zmq.SUB &&
		(l.monitor.connections() > 0 || l.connects() && linger > 0)
}

// relinquish closes l, which has failed, for its owner to open another.
func (p *poller) relinquish(c actor.Context, l *Link, err error) {
	o := p.owners[l.owner.Id]
	if l.monitor == nil || o == nil || o.link != l || p.down || l.early() {
		p.drop(l, err)
		return
	}
	guarded(l.drain)
	o.link, o.leaving = nil, l
	l.leave(l.open.Relinquish, err)
	root, pid := p.thread.system.Root, p.thread.pid
	l.overdue = time.AfterFunc(l.open.Relinquish+l.margin()+grace, func() { root.Send(pid, &overdue{l}) })
}

// early reports whether it is in vain to wait until libzmq lets go of l. With connections that may break meanwhile
// that is done all the same, as long as Shutdown allows.
func (l *Link) early() bool { return l.thread.context.early(l) && !l.delicate(l.open.Relinquish) }

// leave closes l and keeps its monitor until libzmq has let go of it.
func (l *Link) leave(linger time.Duration, err error) {
	delicate := l.delicate(linger)
	l.retire()
	l.monitor.last = true
	l.thread.table.leaving[l] = true
	l.thread.table.enqueue(l.monitor)
	if !delicate {
		l.shut(linger, err)
		return
	}
	l.shut(linger+l.margin(), err)
	l.cut = time.AfterFunc(max(linger, settling), l.monitor.sever)
}

// retire takes l out of everything but libzmq.
func (l *Link) retire() {
	l.place.gone, l.serving = true, false
	if l.retry != nil {
		l.retry.Stop()
	}
	for _, m := range l.meets {
		l.thread.context.part(m.endpoint, l, m.bound)
	}
	if l.watched {
		l.thread.poller.Remove(l.socket)
	}
}

func (l *Link) shut(linger time.Duration, err error) {
	for _, at := range l.bound {
		l.letGo(at)
		if strings.HasPrefix(at, "inproc://") {
			l.socket.Unbind(at) // or the name stays taken until libzmq gets round to it (facts Z2)
		}
	}
	if e := l.socket.Close(linger); e != nil && err == nil {
		go l.thread.system.Logger().Warn("sockeye: close", "owner", l.owner, "error", e) // a logger may block
	}
	l.port.Detached(err)
}

// drainTurns is how many turns a socket that is about to be closed may read once more. What it leaves
// behind is lost, though its peers' TCP has an acknowledgement for it.
const drainTurns = 16

// drain reads what there is, as far as the owner has room. It is in vain on a socket that cannot be
// used any more.
func (l *Link) drain() error {
	for range drainTurns {
		if again, err := l.receive(); err != nil || !again {
			return err
		}
	}
	return nil
}

// left lets the owner of l have its next socket: libzmq has let go of l, or should have.
func (p *poller) left(c actor.Context, l *Link) {
	p.thread.bury(l)
	o := p.owners[l.owner.Id]
	if o == nil || o.leaving != l {
		return
	}
	o.leaving = nil
	if m := o.waiting; m != nil {
		o.waiting = nil
		p.inHand, p.inHandOf = m, o.pid
		p.open(c, o.pid, m)
		p.inHand = nil
	}
}

// bury ends what is left of l if libzmq has let go of it.
func (t *Thread) bury(l *Link) {
	if !l.monitor.over || !t.table.leaving[l] {
		return
	}
	for _, timer := range []*time.Timer{l.overdue, l.cut} {
		if timer != nil {
			timer.Stop()
		}
	}
	delete(t.table.leaving, l)
	t.leftovers.mu.Lock()
	delete(t.leftovers.links, l)
	t.leftovers.mu.Unlock()
	l.monitor.end()
}

// leftovers are the sockets that libzmq is still at work on when a thread has done all else.
type leftovers struct {
	mu    sync.Mutex
	links map[*Link]bool // guarded by mu
}

// owners are whose sockets they are.
func (o *leftovers) owners() (pids []*actor.PID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for l := range o.links {
		pids = append(pids, l.owner)
	}
	return pids
}

// sever is for when nobody waits for them any more.
func (o *leftovers) sever() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for l := range o.links {
		l.monitor.sever()
	}
}

// onlyAdopted reports whether what is left is in other contexts, which end when they do.
func (t *Thread) onlyAdopted() bool {
	for l := range t.table.leaving {
		if !l.adopted {
			return false
		}
	}
	return true
}

// awaitLeaving is the thread's last act: a PAIR may only be closed when its monitor has said its last
// word, and the context cannot end before. Nobody waits for the thread meanwhile; see Shutdown.
func (t *Thread) awaitLeaving() {
	serve := func(token any) {
		if m, ok := token.(*monitor); ok {
			for again := true; again; { // or its descriptor would stay silent (facts Z3)
				again, _ = m.serve()
			}
			t.bury(m.link)
		}
	}
	for l := range t.table.leaving {
		serve(l.monitor)
	}
	for told := false; ; {
		if !told && t.onlyAdopted() {
			told = true
			close(t.buried) // now the context may end
		}
		if len(t.table.leaving) == 0 {
			return
		}
		if err := t.poller.Wait(true, serve); err != nil {
			t.cannotPoll(err)
		}
	}
}
