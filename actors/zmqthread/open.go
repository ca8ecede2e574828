package zmqthread

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"
)

// A bind that finds its address taken is tried again, for the socket that had it may be ours and
// only half closed; 1.5 ms were enough on an idle machine (facts Z2).
const (
	bindTries    = 10
	patientTries = 500
	bindPause    = time.Millisecond
)

// open gives the sender its socket: the one that it has, or a new one.
func (p *poller) open(c actor.Context, pid *actor.PID, m *Open) {
	if pid == nil {
		return
	}
	if p.down {
		p.refuse(m)
		c.Send(pid, &Failed{Err: ErrShutdown, Of: m})
		return
	}
	o := p.owner(pid)
	c.Watch(pid)
	if o.leaving != nil {
		o.waiting = m // until libzmq has let go of the socket before
		return
	}
	if l := o.link; l != nil && l.port == m.Port {
		l.open.Linger = m.Linger
		m.Adopt = nil
		l.open = m
		l.port.Attached(l)
		if !l.complete {
			return // its owner failed while an address was in use: the retry is on its way
		}
		p.opened(c, l, true)
		return
	} else if l != nil {
		p.drop(l, nil)
	}
	l := &Link{thread: p.thread, owner: pid, port: m.Port, open: m, hasOut: hasOut(m.Type), reported: true}
	o.link = l
	if err := guarded(l.create); err != nil {
		p.failOpen(c, l, err)
		return
	}
	l.port.Attached(l)
	p.proceed(c, l)
}

// refuse closes a socket that was brought along: it is ours from the moment it was offered.
func (p *poller) refuse(m *Open) {
	if m.Adopt != nil {
		m.Adopt.SetLinger(0)
		m.Adopt.Close()
	}
}

func (p *poller) failOpen(c actor.Context, l *Link, err error) {
	if l.socket != nil {
		p.drop(l, err)
	} else if o := p.owners[l.owner.Id]; o != nil {
		p.refuse(l.open)
		o.link = nil
	}
	c.Send(l.owner, &Failed{Err: err, Of: l.open})
}

// create makes the native socket and sets its options.
func (l *Link) create() (err error) {
	m := l.open
	if m.Adopt != nil {
		l.socket, err = l.thread.context.layer.Adopt(m.Adopt)
		l.adopted, l.wired = true, true // for all we know
		err = op("adopt", "", err)
	} else {
		l.socket, err = l.thread.context.NewSocket(m.Type)
		err = op("new socket", "", err)
	}
	if err != nil {
		return err
	}
	if err := l.thread.poller.Add(l.socket, l); err != nil {
		return err
	}
	l.watched = true
	if m.Monitor {
		if err := l.startMonitor(); err != nil {
			return err
		}
	}
	if affinity := l.thread.cfg.affinity; affinity != 0 && m.Adopt == nil {
		if err := l.socket.Raw().SetAffinity(affinity); err != nil {
			return op("set affinity", "", err)
		}
	}
	if m.Setup != nil {
		if err := m.Setup(l.socket.Raw()); err != nil {
			return err
		}
	}
	for _, topic := range m.Subscribe {
		if err := l.socket.Subscribe(topic); err != nil {
			return op("subscribe", fmt.Sprintf("%q", topic), err)
		}
	}
	return l.greet()
}

// greet sends the subscriptions of an XSUB, which keeps them for every later peer.
func (l *Link) greet() error {
	for _, g := range l.open.Greeting {
		s := l.socket.Send([]byte(g), []uint32{uint32(len(g))}, 1, 1)
		if s.Errno != 0 {
			return op("send", fmt.Sprintf("%q", g), s.Errno)
		}
	}
	return nil
}

// guarded keeps a panic in a user's Configure from taking the other sockets along.
func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &PanicError{r, debug.Stack()}
		}
	}()
	return f()
}

// proceed does the binds and connects that are left. A bind whose address is taken makes it come
// back a moment later.
func (p *poller) proceed(c actor.Context, l *Link) {
	if l.place.gone || l.serving {
		return
	}
	m := l.open
	for l.done < len(m.Bind) {
		err := l.bind(m.Bind[l.done])
		if errors.Is(err, syscall.EADDRINUSE) && l.bindTries < l.tries(m.Bind[l.done]) {
			l.bindTries++
			p.later(&retry{l}, nil)
			return
		}
		if err != nil {
			l.bindFailed(m.Bind[l.done], err)
			p.failOpen(c, l, err)
			return
		}
		l.done, l.bindTries = l.done+1, 0
	}
	for _, to := range m.Connect {
		if err := l.connect(to); err != nil {
			p.failOpen(c, l, err)
			return
		}
	}
	p.opened(c, l, false)
}

func (p *poller) opened(c actor.Context, l *Link, kept bool) {
	l.serving, l.complete = true, true
	p.enqueue(l)
	c.Send(l.owner, &Opened{Of: l.open, Bound: slices.Clone(l.bound), Kept: kept})
}

// later sends m to the poll actor after a pause.
func (p *poller) later(m any, sender *actor.PID) {
	root, pid := p.thread.system.Root, p.thread.pid
	time.AfterFunc(bindPause, func() { root.RequestWithCustomSender(pid, m, sender) })
}

// do runs a live command.
func (p *poller) do(c actor.Context, m *Do) {
	var l *Link
	if o := p.owners[c.Sender().GetId()]; o != nil && o.link != nil && o.link.serving {
		l = o.link
	}
	if l == nil {
		c.Respond(&Did{Do: m, Err: op(string(m.Command), m.Argument, syscall.ENOTSOCK)})
		return
	}
	var at string
	err := guarded(func() (err error) {
		at, err = l.command(m)
		return err
	})
	if m.Command == Bind && errors.Is(err, syscall.EADDRINUSE) && m.attempts < l.tries(m.Argument) {
		m.attempts++
		p.later(m, c.Sender())
		return
	}
	if m.Command == HangUp && m.Set != nil && err == nil {
		var over bool
		if over, err = l.hungUp(m); !over {
			p.enqueue(l)
			p.later(m, c.Sender())
			return
		}
		err = errors.Join(err, m.Set(l.socket.Raw()))
	}
	if m.Command == Bind && err != nil {
		l.bindFailed(m.Argument, err)
	}
	p.enqueue(l) // any call may have eaten a wake-up (facts Z3)
	c.Respond(&Did{Do: m, Endpoint: at, Err: err})
}

func (l *Link) command(m *Do) (at string, err error) {
	switch m.Command {
	case Bind:
		if err = l.bind(m.Argument); err == nil {
			at = l.bound[len(l.bound)-1]
		}
	case Unbind:
		err = l.unbind(m.Argument)
	case Connect:
		err = l.connect(m.Argument)
	case Disconnect:
		err = l.disconnect(m.Argument)
	case Subscribe:
		err = op("subscribe", fmt.Sprintf("%q", m.Argument), l.socket.Subscribe(m.Argument))
	case Unsubscribe:
		err = op("unsubscribe", fmt.Sprintf("%q", m.Argument), l.socket.Unsubscribe(m.Argument))
	case Dial:
		err = l.dial(m)
	case HangUp:
		err = l.hangUp(m.Argument)
	case SetOptions:
		err = m.Set(l.socket.Raw())
	default:
		err = op(string(m.Command), m.Argument, zmq.ErrorNotImplemented42)
	}
	return at, err
}
