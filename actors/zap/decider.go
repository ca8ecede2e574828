package zap

import (
	"context"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// state is everything that outlives the actors. Owned by the decider, whichever incarnation.
type state struct {
	thread  *zmqthread.Thread // immutable
	cfg     Config            // immutable, but for the Policy
	self    *actor.PID        // of the handler
	grants  grants
	feed    feed
	council *council
	open    map[uint64]*pending // requests that Decide is asked about
	last    uint64              // its number
	policy  uint64              // how many there were
	counts  Counts
}

// pending is a request that Decide is asked about.
type pending struct {
	request *Request
	from    *actor.PID // who is to be answered: its RequestId says which request
	policy  uint64     // when it was asked
	expiry  *time.Timer
}

type (
	verdict struct {
		number   uint64
		decision Decision
	}
	expired struct{ number uint64 }
)

// Counts is what a handler has done.
type Counts struct {
	Accepted, Refused, Later, Failed uint64 // decisions, by status
	Malformed                        uint64 // requests that were answered
	Dropped                          uint64 // and those that could not be: no request id
}

func newState(t *zmqthread.Thread, cfg Config) *state {
	return &state{thread: t, cfg: cfg, feed: feed{to: cfg.Events}, open: map[uint64]*pending{},
		council: &council{most: cfg.Deciders, queue: cfg.Queue}}
}

// decider is one incarnation of the actor that answers requests.
type decider struct{ *state }

// Receive runs on the actor's goroutine, as any actor's does.
func (d *decider) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *messages.Message:
		d.request(c, m)
	case *verdict:
		d.decided(c, m.number, m.decision)
	case *expired:
		d.decided(c, m.number, Later("Decide takes too long"))
	case *Reload:
		d.reload(c, m)
	case *cutDone:
		d.feed.tell(c, d.self, m.event)
		answer(c, m.from, m.event)
	case *actor.Touched:
		d.feed.touched(c, d.self)
	case AskCounts, *AskCounts:
		answer(c, c.Sender(), &d.counts)
	case *actor.Stopping:
		for _, p := range d.open {
			p.expiry.Stop()
		}
	}
}

func answer(c actor.Context, to *actor.PID, m any) {
	if to == nil {
		return
	}
	if counts, ok := m.(*Counts); ok {
		copied := *counts
		m = &copied
	}
	c.Send(to, m)
}

// request answers a request, now or when Decide has been heard. If it fails it is answered first: the
// peer tries again.
func (d *decider) request(c actor.Context, m *messages.Message) {
	q, err := Decode(m.Frames)
	if err != nil {
		d.malformed(c, err.(*MalformedError))
		return
	}
	done := false
	defer func() {
		if !done {
			d.reply(c, q, c.Sender(), Later("the handler failed"), false)
		}
	}()
	if d.cfg.before != nil {
		d.cfg.before(q)
	}
	decision, ask := d.cfg.Policy.judge(q)
	if ask {
		d.consult(c, q)
	} else {
		d.reply(c, q, c.Sender(), decision, false)
	}
	done = true
}

func (d *decider) malformed(c actor.Context, err *MalformedError) {
	if err.ID == nil {
		d.counts.Dropped++
	} else {
		d.counts.Malformed++
		c.Respond(Decision{Status: err.Status}.reply(err.ID))
	}
	d.feed.tell(c, d.self, &Malformed{err, err.ID != nil})
}

// consult asks Decide.
func (d *decider) consult(c actor.Context, q *Request) {
	d.last++
	number, self, root := d.last, c.Self(), c.ActorSystem().Root
	p := &pending{request: q, from: c.Sender(), policy: d.policy}
	rules, _ := d.cfg.Policy.rules(q.Domain)
	if !d.council.ask(consultation{
		request: *q, decide: rules.Decide, due: time.Now().Add(d.cfg.Deadline),
		answer: func(decision Decision) { root.Send(self, &verdict{number, decision}) },
	}) {
		d.reply(c, q, c.Sender(), Later("too many requests wait for Decide"), false)
		return
	}
	p.expiry = time.AfterFunc(d.cfg.Deadline, func() { root.Send(self, &expired{number}) })
	d.open[number] = p
}

// decided answers a request that Decide was asked about, unless that has been done. What was asked by an
// earlier policy has to be asked again, by the peer.
func (d *decider) decided(c actor.Context, number uint64, decision Decision) {
	p := d.open[number]
	if p == nil {
		return
	}
	delete(d.open, number)
	p.expiry.Stop()
	if p.policy != d.policy && decision.Accepted() {
		decision = Later("the policy has changed meanwhile")
	}
	d.reply(c, p.request, p.from, decision, true)
}

// reply answers a request. Who is let in is noted first: a reload that comes next must know.
func (d *decider) reply(c actor.Context, q *Request, to *actor.PID, decision Decision, asked bool) {
	switch decision.Status {
	case StatusAccepted:
		d.counts.Accepted++
		d.grants.add(q, decision, asked)
	case StatusLater:
		d.counts.Later++
	case StatusRefused:
		d.counts.Refused++
	default:
		d.counts.Failed++
	}
	if to != nil {
		c.Request(to, decision.reply(q.ID))
	}
	told := *q
	told.Password = ""
	d.feed.tell(c, d.self, &Decided{told, decision})
}

// cutTimeout is how long a ZeroMQ thread may take to cut connections.
const cutTimeout = 10 * time.Second

type cutDone struct {
	event *Reloaded
	from  *actor.PID
}

// reload puts another policy in force, then has the connections cut of those whom it refuses. Until they
// are cut it goes on deciding, by the new policy.
func (d *decider) reload(c actor.Context, m *Reload) {
	if err := m.Policy.Validate(); err != nil {
		answer(c, c.Sender(), err)
		return
	}
	d.cfg.Policy = m.Policy.clone()
	d.policy++
	where, revoked := d.grants.revoke(d.cfg.Policy)
	done := &cutDone{&Reloaded{Revoked: revoked}, c.Sender()}
	thread, self, root := d.thread, c.Self(), c.ActorSystem().Root
	go func() {
		for domain, who := range where {
			cut(thread, domain, who, done.event)
		}
		root.Send(self, done)
	}()
}

// cut cuts connections in one domain. What could not be cut is tried again a moment later: most of it was
// about to end.
func cut(t *zmqthread.Thread, domain string, who *suspects, e *Reloaded) {
	ctx, cancel := context.WithTimeout(context.Background(), cutTimeout)
	defer cancel()
	for try := 0; ; try++ {
		was, err := t.Cut(ctx, zmqthread.Cut{Domain: domain, Whom: who.whom})
		e.Connections += was.Connections
		if err == nil && was.Failed > 0 && try < 5 {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		e.Failed += was.Failed
		e.Blind = append(e.Blind, was.Blind...)
		if err != nil {
			e.Err = err
		}
		return
	}
}
