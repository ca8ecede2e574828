package zmqthread

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// mailbox is the poll actor's. Three things set it apart from Proto.Actor's own. After Throughput
// messages it goes to the back of the thread's queue, so that a flood of commands cannot starve the
// sockets (facts P2). It hands the actor the sockets that are ready as one more message, so that a
// panic there is a failure like any other. And what reaches it after the actor has stopped is
// answered instead of vanishing (facts P7).
type mailbox struct {
	thread  *Thread
	invoker actor.MessageInvoker // immutable after Start

	mu        sync.Mutex
	sys, user []any // guarded by mu
	scheduled bool  // guarded by mu
	dead      bool  // guarded by mu: the actor has stopped

	// Owned by the thread.
	live      bool // the actor has had its first turn
	suspended bool
	ready     ready
}

// ready is the message that carries the sockets to serve.
type ready struct {
	kicked []*Link
	again  bool // set by the poll actor: there is more to do
}

func (m *mailbox) RegisterHandlers(i actor.MessageInvoker, _ actor.Dispatcher) { m.invoker = i }
func (m *mailbox) Start()                                                      {}
func (m *mailbox) PostUserMessage(x any)                                       { m.post(&m.user, x) }
func (m *mailbox) PostSystemMessage(x any)                                     { m.post(&m.sys, x) }

func (m *mailbox) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.user)
}

func (m *mailbox) post(q *[]any, x any) {
	m.mu.Lock()
	if m.dead && q == &m.user {
		m.mu.Unlock()
		m.bounce(x)
		return
	}
	*q = append(*q, x)
	idle := !m.scheduled
	m.scheduled = true
	m.mu.Unlock()
	if idle {
		m.thread.Schedule(m.turn)
	}
}

// turn runs on the ZeroMQ thread. Its end is deferred: a Goexit must not leave the mailbox
// scheduled for ever.
func (m *mailbox) turn() {
	m.live = true
	defer m.endTurn()
	for budget := m.thread.Throughput(); m.one(&budget); {
	}
}

func (m *mailbox) endTurn() {
	m.mu.Lock()
	m.scheduled = len(m.sys) > 0 || len(m.user) > 0 && !m.suspended
	again := m.scheduled
	m.mu.Unlock()
	if again {
		m.thread.Schedule(m.turn)
	}
}

// one lets the actor process one message, a system message first.
func (m *mailbox) one(budget *int) (more bool) {
	msg, sys, ok := m.next(budget)
	if !ok {
		return false
	}
	done := false
	defer m.fail(msg, &done, &more)
	switch msg.(type) {
	case *actor.SuspendMailbox:
		m.suspended = true
	case *actor.ResumeMailbox:
		m.suspended = false
	case *actor.Stop:
		m.invoker.InvokeSystemMessage(msg)
		m.die() // the poll actor has no children: it has stopped by now
	default:
		if sys {
			m.invoker.InvokeSystemMessage(msg)
		} else {
			m.invoker.InvokeUserMessage(msg)
		}
	}
	done = true
	return true
}

func (m *mailbox) next(budget *int) (msg any, sys, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case len(m.sys) > 0:
		msg, m.sys = m.sys[0], m.sys[1:]
		return msg, true, true
	case len(m.user) > 0 && !m.suspended && *budget > 0:
		msg, m.user = m.user[0], m.user[1:]
		*budget--
		return msg, false, true
	}
	return nil, false, false
}

// serve gives the poll actor its turn on the sockets and reports whether it wants another at once.
func (m *mailbox) serve(kicked []*Link) (again bool) {
	if !m.live || m.suspended {
		return false // the next incarnation looks at every socket
	}
	m.ready = ready{kicked: kicked}
	done := false
	defer m.fail(&m.ready, &done, &again)
	m.invoker.InvokeUserMessage(&m.ready)
	done = true
	return m.ready.again
}

// fail turns a panic, and a Goexit, into the actor's failure.
func (m *mailbox) fail(msg any, done, again *bool) {
	if *done {
		return
	}
	reason := recover()
	if reason == nil {
		reason = ErrGoexit
	}
	m.invoker.EscalateFailure(reason, msg)
	*again = true
}

func (m *mailbox) die() {
	m.mu.Lock()
	left := m.user
	m.user, m.dead = nil, true
	m.mu.Unlock()
	for _, x := range left {
		m.bounce(x)
	}
}

// bounce answers what the poll actor will never see.
func (m *mailbox) bounce(x any) {
	if _, msg, sender := actor.UnwrapEnvelope(x); sender != nil {
		m.thread.system.Root.Send(sender, &Failed{Err: ErrShutdown, Of: msg})
	}
}

// revive is the poll actor's guardian: it always comes back. Whether its sockets do is up to their
// own supervisors.
type revive struct{}

func (*revive) HandleFailure(system *actor.ActorSystem, s actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, _ any) {
	go func() { // a logger may block, subscribers run where it is published: not on the ZeroMQ thread, and their panic ends the process (facts P12)
		defer func() { recover() }()
		system.Logger().Warn("sockeye: the poll actor has failed and comes back", "thread", child, "reason", reason)
		system.EventStream.Publish(&actor.SupervisorEvent{Child: child, Reason: reason, Directive: actor.RestartDirective})
	}()
	s.RestartChildren(child)
}
