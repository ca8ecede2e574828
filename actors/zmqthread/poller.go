package zmqthread

import (
	"runtime"

	"github.com/asynkron/protoactor-go/actor"
)

// poller is the poll actor: it owns every native socket of its thread. An incarnation has no state
// of its own, so that the next one misses nothing.
type poller struct{ *table }

// newPoller takes over the sockets that the incarnation before left.
func newPoller(t *Thread) *poller { return &poller{&t.table} }

// Receive runs on the ZeroMQ thread.
func (p *poller) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		p.takeOver()
		p.thread.context.enter(p.thread)
		p.apologize(c)
	case *ready:
		m.again = p.serve(c, m.kicked)
	case *Open:
		p.inHand, p.inHandOf = m, c.Sender()
		p.open(c, c.Sender(), m)
		p.inHand = nil
	case *retry:
		p.proceed(c, m.link)
	case *overdue:
		p.left(c, m.link)
	case *Close:
		p.close(m)
	case *Do:
		p.inHand, p.inHandOf = m, c.Sender()
		p.do(c, m)
		p.inHand = nil
	case *Cut:
		p.cut(c, m)
	case *actor.Terminated:
		p.forget(c, m.Who)
	case drain:
		p.drain(c)
	case force:
		p.force(c, m)
	case run:
		m.f()
	case *Crash:
		crash(m)
	case *actor.Stopping:
		p.thread.context.exit(p.thread)
		p.closeAll()
	}
}

func crash(m *Crash) {
	if m.Goexit {
		runtime.Goexit()
	}
	panic(m.Reason)
}

// apologize answers the command that the incarnation before died over: a Goexit in a user's
// Configure.
func (p *poller) apologize(c actor.Context) {
	switch m := p.inHand.(type) {
	case *Open:
		if o := p.owners[p.inHandOf.GetId()]; o != nil && o.link != nil && o.link.open == m {
			p.failOpen(c, o.link, ErrGoexit)
		}
	case *Do:
		c.Send(p.inHandOf, &Did{Do: m, Err: ErrGoexit})
	}
	p.inHand = nil
}

// serve gives everything that is ready one turn.
func (p *poller) serve(c actor.Context, kicked []*Link) (again bool) {
	for _, l := range kicked {
		l.kicked.Store(false) // before its outbox is read: a later message kicks again
		p.enqueue(l)
	}
	for _, x := range p.dequeue() {
		s := x.state()
		s.queued = false
		if s.gone {
			continue
		}
		more, err := x.serve()
		if m, ok := x.(*monitor); ok && m.over && m.last {
			p.left(c, m.link)
		} else if err != nil {
			p.fail(c, x, err)
		} else if more {
			p.enqueue(x)
		}
	}
	return len(p.queue) > 0
}

// fail tells the owner of a socket that it has failed. Its neighbours do not notice.
func (p *poller) fail(c actor.Context, x servable, err error) {
	l, ok := x.(*Link)
	if !ok {
		return // a monitor whose socket is being closed
	}
	failed := &Failed{Err: err, Of: l.open, Kept: !own(err)}
	if failed.Kept {
		l.serving = false
	} else {
		p.relinquish(c, l, err)
	}
	c.Send(l.owner, failed)
}

// drop closes l and takes it out of the table.
func (p *poller) drop(l *Link, err error) {
	l.close(err)
	if o := p.owners[l.owner.Id]; o != nil && o.link == l {
		o.link = nil
	}
}

func (p *poller) close(m *Close) {
	o := p.owners[m.Owner.GetId()]
	if o == nil {
		return
	}
	if linger, ended := o.ended(); ended {
		o.waiting = nil
		if o.link != nil {
			o.link.open.Linger = linger
			p.drop(o.link, nil)
		}
	}
}

// forget closes the socket of an owner that has died.
func (p *poller) forget(c actor.Context, pid *actor.PID) {
	o := p.owners[pid.Id]
	if o == nil {
		return
	}
	if o.succeeded() {
		c.Watch(o.pid) // the name has a new owner already, and Proto.Actor tells of the old one's end only now
		return
	}
	if o.link != nil {
		o.link.open.Linger, _ = o.link.port.Ended()
		p.drop(o.link, nil)
	}
	delete(p.owners, pid.Id)
	p.thread.sockets.Add(-1)
	p.checkDrained(c)
}

// drain asks every owner to send what it has, close, and stop.
func (p *poller) drain(c actor.Context) {
	p.down, p.draining = true, c.Sender()
	for _, o := range p.owners {
		if o.link != nil && o.link.serving {
			c.Poison(o.pid)
		} else {
			c.Stop(o.pid) // failed, and perhaps suspended: it would not see the pill
		}
	}
	p.checkDrained(c)
}

// force stops every owner that is left.
func (p *poller) force(c actor.Context, m force) {
	m.left <- p.pids()
	p.down, p.draining = true, c.Sender()
	for _, o := range p.owners {
		c.Stop(o.pid)
	}
	p.checkDrained(c)
}

func (p *poller) checkDrained(c actor.Context) {
	if p.draining != nil && len(p.owners) == 0 {
		c.Send(p.draining, drained{})
		p.draining = nil
	}
}

func (p *poller) closeAll() {
	for _, o := range p.owners {
		if o.link != nil {
			p.drop(o.link, ErrShutdown)
		}
	}
}
