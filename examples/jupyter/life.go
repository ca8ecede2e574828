package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// life is one life of the kernel, an actor: a process, the five sockets to it, the session that speaks
// over them and the pulse. It fails as a whole: when the process ends, does not come up or does not
// answer its heartbeat, and when one of its children fails. A shell socket that was opened anew could have
// lost a reply, and stdin a question, and the cell would wait for it for ever. Its supervisor begins another
// life, in which everything is new: folder, key, sockets.
type life struct {
	config
	n      int
	thread *zmqthread.Thread
	counts *counts

	pid      int
	began    *time.Timer // how long it may take to come up
	failed   bool
	closing  bool
	why      error
	pulse    *actor.Props
	process  *actor.PID
	session  *actor.PID
	shutdown *time.Timer
}

// What life tells its parent, the kernel.
type (
	// up says that cells may come.
	up struct {
		life, pid int
		session   *actor.PID
		info      kernelInfoReply
	}
	// down says that this life is over, and that another may follow.
	down struct {
		life int
		err  error
	}
	// gone says that there will be no other.
	gone struct{}
)

// What life is told.
type (
	// ready comes from the session.
	ready struct {
		life int
		info kernelInfoReply
	}
	// silent comes from the pulse.
	silent struct {
		life int
		err  error
	}
	late struct{ life int } // it has not come up, or not gone down, in time
	// unready comes from the session that was asked, by late.
	unready struct {
		life    int
		missing string
	}
	// leave has the kernel end by itself, if it does so soon.
	leave struct{}
)

func (l *life) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		if err := l.start(c); err != nil {
			l.fail(c, &startError{err: err})
		}
	case started:
		if m.life == l.n {
			l.pid = m.pid
		}
	case ready:
		if m.life == l.n && !l.failed {
			l.began.Stop()
			c.Spawn(l.pulse)
			c.Send(c.Parent(), up{l.n, l.pid, l.session, m.info})
		}
	case exited:
		l.exited(c, m)
	case silent:
		if m.life == l.n {
			l.fail(c, m.err)
		}
	case late:
		if m.life == l.n {
			l.late(c)
		}
	case unready:
		if m.life == l.n {
			l.fail(c, &startError{err: fmt.Errorf("not ready within %v: %s", l.Startup, m.missing)})
		}
	case leave:
		l.leave(c)
	case *actor.Restarting:
		l.end(c)
	case *actor.Stopping:
		l.end(c)
	case *actor.Stopped: // with its children
		c.Send(c.Parent(), gone{})
	}
}

// start starts everything. The sockets connect before the kernel binds, and keep trying.
func (l *life) start(c actor.Context) error {
	l.began = l.after(c, l.Startup)
	conn, err := connect()
	if err != nil {
		return err
	}
	s := &session{config: l.config, life: l.n, conn: conn, counts: l.counts, id: newID()}
	spawn := func(name string, props *actor.Props) (pid *actor.PID) {
		if err == nil {
			pid, err = c.SpawnNamed(props, name)
		}
		return pid
	}
	l.process = spawn("process", actor.PropsFromProducer(func() actor.Actor {
		return &process{life: l.n, spec: l.Spec, conn: conn}
	}))
	if err != nil {
		return errors.Join(err, os.RemoveAll(conn.dir)) // later that is up to process
	}
	s.process = l.process
	for ch, name := range channelNames {
		s.channels[ch] = c.ActorSystem().NewLocalPID(c.Self().Id + "/" + name)
	}
	l.session = spawn("session", actor.PropsFromProducer(func() actor.Actor { return s }))
	for ch, cfg := range sockets(conn, s.id, l.Beat, l.session) {
		spawn(channelNames[ch], socket.Props(l.thread, cfg))
	}
	l.pulse = actor.PropsFromProducer(func() actor.Actor {
		return &pulse{config: l.config, life: l.n, to: s.channels[heartbeat]}
	})
	return err
}

func (l *life) exited(c actor.Context, m exited) {
	switch {
	case m.life != l.n:
	case l.closing:
		c.Stop(c.Self())
	default:
		l.fail(c, m.err)
	}
}

func (l *life) late(c actor.Context) {
	if l.closing {
		c.Stop(c.Self()) // the process is killed then
		return
	}
	c.Send(l.session, late{l.n}) // which knows what is missing
}

func (l *life) leave(c actor.Context) {
	if l.closing {
		return
	}
	l.closing = true
	if l.session == nil || l.failed {
		c.Stop(c.Self())
		return
	}
	c.Send(l.session, leave{})
	l.shutdown = l.after(c, grace)
}

// fail tells the kernel, so that nobody waits for this life, and has the supervisor decide.
func (l *life) fail(c actor.Context, err error) {
	if l.failed {
		return
	}
	if l.closing { // another life is not wanted
		c.Stop(c.Self())
		return
	}
	l.failed, l.why = true, err
	c.Send(c.Parent(), down{l.n, err})
	if s, ok := c.(actor.Supervisor); ok {
		s.EscalateFailure(err, c.Message())
		return
	}
	panic(err) // a context decorator hides the supervisor
}

// end is before the children are stopped, of which the process kills the kernel.
func (l *life) end(c actor.Context) {
	for _, t := range []*time.Timer{l.began, l.shutdown} {
		if t != nil {
			t.Stop()
		}
	}
	why := l.why
	switch {
	case why == nil && l.closing:
		why = errShutDown
	case why == nil:
		why = errBroken
	}
	c.Send(c.Parent(), down{l.n, why})
}

func (l *life) after(c actor.Context, d time.Duration) *time.Timer {
	root, self, n := c.ActorSystem().Root, c.Self(), l.n
	return time.AfterFunc(d, func() { root.Send(self, late{n}) })
}
