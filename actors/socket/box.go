package socket

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// box is a socket actor's mailbox. Messages to send wait in it, packed and bounded, until the
// thread takes them; messages received wait in it until the actor hands them over; what is asked of
// the actor waits in it too. Only what Proto.Actor itself sends goes into the ordinary mailbox
// inside. A box belongs to one spawn and outlives the restarts of its actor.
//
// Three parties use it: senders, on their goroutines (outbox.go, calls.go, answers.go); the ZeroMQ
// thread (port.go); the actor (actor.go, inbox.go). What they share is guarded by mu, which nobody
// holds for longer than it takes to move one small message or a few pointers.
type box struct {
	actor.Mailbox // what Proto.Actor sends, and the nudge

	cfg      Config // immutable
	pattern  pattern
	service  *service // nil unless the pattern has one
	system   *actor.ActorSystem
	thread   *zmqthread.Thread
	roster   *roster
	guardian string     // immutable: for Status
	self     *actor.PID // immutable after RegisterHandlers
	answers  *actor.PID // immutable after RegisterHandlers: senders of what is delivered; see answers.go
	wrong    error      // immutable: what Config.Validate says
	plain    bool       // immutable: the pattern is, and nothing is put around its messages

	parting atomic.Int32 // who has yet to book the last of it: the actor, the thread; then Stopped is sent

	link atomic.Pointer[zmqthread.Link] // nil while there is no native socket

	// out is what the thread is sending. sending guards it: the thread holds it from the first
	// Outgoing to Rest, others only ever try for a moment. It comes before mu.
	sending sync.Mutex
	out     *queue // guarded by sending
	asides  asides // guarded by sending
	aside   *aside // guarded by sending: where the load at hand comes from; nil: from out
	resting bool   // Owned by the thread: it does not hold sending

	again  []*carried // guarded by sending: requests to be sent once more
	twice  bool       // Owned by the thread: the load at hand is the first of them
	onWire carried    // Owned by the thread: what was just sent, if it is kept
	bundle bundle     // Owned by the thread: of Coalesce
	index  []byte     // Owned by the thread: memory for one

	mu      sync.Mutex
	books   books              // guarded by mu
	in      *queue             // guarded by mu: swapped whole for out
	queued  int                // guarded by mu: messages in in and out
	bytes   int                // guarded by mu: and their size
	tail    uint64             // guarded by mu: messages ever queued
	passed  uint64             // guarded by mu: messages that have left it again, or were set aside
	apart   int                // guarded by mu: messages that are set aside
	barrier uint64             // guarded by mu: the position of the oldest of them, 0 if there are none
	head    uint64             // guarded by mu: up to here everything has left
	told    bool               // guarded by mu: the thread knows that there is something to send
	waiting []*offer           // guarded by mu: senders that wait for room, first come first served
	marks   []mark             // guarded by mu: what happens when the queue has got so far
	calls   map[*origin]bool   // guarded by mu: everybody who waits for an answer
	callers map[string]*origin // guarded by mu: those of them who wait for one only, by nameOf their PID
	sweepAt int                // guarded by mu: so many calls are looked through for Futures that are gone
	seq     uint64             // guarded by mu: numbers correlated requests
	asked   map[uint64]*origin // guarded by mu: correlated requests on their way, by number
	sealed  error              // guarded by mu: nothing more is accepted, and why
	failure error              // guarded by mu: the actor's reason, for who seals the box in its stead
	stopped bool               // guarded by mu: the actor is stopping; nothing is sent or read any more

	condemned bool      // guarded by mu: a Stop is on its way
	requests  []inquiry // guarded by mu: what is asked of the actor, in order
	inbox     []parcel  // guarded by mu
	held      int       // guarded by mu: messages received and not handed over
	starved   bool      // guarded by mu: the thread waits for room
	stuck     bool      // guarded by mu: the inbox waits for credit
	shed      bool      // guarded by mu: what is received has no room and is dropped (XPUB)
	nudged    bool      // guarded by mu: a nudge is in the mailbox
	letters   []letter  // guarded by mu: answers that the actor has to deliver

	unanswered []uint32    // guarded by mu: requests that were given up; for Events
	alarm      *time.Timer // guarded by mu
	alarmAt    time.Time   // guarded by mu: zero when it is not set
	last       *time.Timer // guarded by mu: stops the actor when a Poison takes too long
	deadline   time.Time   // guarded by mu: and when that is
	lapsed     bool        // guarded by mu: it has

	finalLinger time.Duration // guarded by mu: of the native socket, once the actor is stopping

	receivers []*receiver // guarded by mu
	detached  []*receiver // guarded by mu: who were, and have not processed everything yet
	turn      int         // guarded by mu: of RoundRobin
	peers     peers       // guarded by mu
	events    events      // guarded by mu
	meter     meter       // guarded by mu
	triggers  triggers    // guarded by mu
	following following   // names; partly guarded by mu
	troubled  atomic.Bool // the native socket is to fail
	tripped   string      // guarded by mu: a circuit breaker keeps it closed, and until when
	halted    atomic.Bool // stored under mu: paused, nothing is sent, read or handed over
	haltedAt  time.Time   // guarded by mu

	// Owned by the actor, whichever incarnation.
	now     time.Time // of this turn
	current parcel    // being handed over
	parked  []arrival // received and waiting for credit, while replies pass
	reason  error     // the last failure, until the socket is open again
	desired desired   // what live commands have made of cfg
	adverts []advert  // names that it has bound
	found   Resolver  // of names; nil: none was needed

	instance string // of the native socket, for who finds it by a name
	logged   logged
	lost     bool // the native socket of an adopted socket is gone
}

// letter is an answer on its way.
type letter struct {
	to      *actor.PID
	message any
}

// nudge makes the actor look at its box.
type nudge struct{}

func (*nudge) NotInfluenceReceiveTimeout() {}

func newBox(system *actor.ActorSystem, t *zmqthread.Thread, cfg Config) *box {
	b := &box{
		Mailbox: actor.Unbounded()(), wrong: cfg.Validate(), cfg: cfg.withDefaults(),
		system: system, thread: t, pattern: patternOf(cfg),
		in: &queue{}, out: &queue{}, resting: true,
		calls: map[*origin]bool{}, callers: map[string]*origin{}, asked: map[uint64]*origin{}, sweepAt: 1024,
		asides: asides{byPeer: map[string]*aside{}}, roster: rosterOf(system),
	}
	b.meter.spawned = time.Now()
	b.meter.enter(StateOpening)
	b.desired = desiredBy(b.cfg)
	b.in.limit, b.out.limit = b.chunkLimit(), b.chunkLimit()
	b.plain = b.isPlain()
	if s, ok := b.pattern.(interface{ requests() *service }); ok {
		b.service = s.requests()
	}
	if b.wrong == nil && t == nil {
		b.wrong = &ConfigError{"Thread", nil, "a nil *zmqthread.Thread"}
	}
	if b.wrong == nil {
		b.wrong = b.checkNames()
	}
	if b.wrong == nil {
		b.wrong = cfg.adoption.check(cfg.Type)
	}
	if b.wrong != nil {
		b.sealed = b.wrong
		return b
	}
	for _, to := range cfg.Deliver.routes {
		b.addReceiver(to)
	}
	return b
}

// refuseConfig makes err what is wrong, unless something else is already.
func (b *box) refuseConfig(err error) {
	if b.wrong == nil && err != nil {
		b.wrong, b.sealed = err, err
	}
}

func (s *service) requests() *service { return s }

// RegisterHandlers implements actor.Mailbox.
func (b *box) RegisterHandlers(i actor.MessageInvoker, d actor.Dispatcher) {
	b.self = i.(actor.Context).Self()
	b.answers, _ = b.system.ProcessRegistry.Add(&answerer{b}, b.self.Id+"/answers")
	if b.cfg.Events != nil {
		b.events.to, _ = b.system.ProcessRegistry.Add(&eventAnswers{b}, b.self.Id+"/events")
	}
	b.roster.enter(b)
	b.Mailbox.RegisterHandlers(i, d)
}

// UserMessageCount implements actor.Mailbox: what waits to be sent, to be handed over, to be
// answered.
func (b *box) UserMessageCount() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.queued + len(b.waiting) + b.held + len(b.requests)
}

// PostSystemMessage implements actor.Mailbox. A restart that was decided before a stop and comes
// after it would bring up an incarnation that nobody can stop (facts P8).
func (b *box) PostSystemMessage(x any) {
	switch x.(type) {
	case *actor.Stop:
		b.condemn()
		time.AfterFunc(patience, b.excuse) // the actor may be held up by a user's code
	case *actor.Restart:
		b.mu.Lock()
		late := b.stopped || b.condemned
		b.mu.Unlock()
		if late {
			return
		}
	}
	b.Mailbox.PostSystemMessage(x)
}

// PostUserMessage implements actor.Mailbox. It runs on the sender's goroutine and never waits.
func (b *box) PostUserMessage(x any) {
	_, msg, from := actor.UnwrapEnvelope(x)
	b.post(msg, from, 0, x)
}

// post sorts what comes in; request is the number of the request that it answers, if any.
func (b *box) post(msg any, from *actor.PID, request uint32, envelope any) {
	switch m := msg.(type) {
	case *messages.Message, *messages.Batch, *messages.Offer:
		b.send(m, b.originOf(from, request, envelope))
	case *messages.Cancelled:
		b.cancel(from)
	case *messages.Tripped:
		b.trip(m)
	case *actor.Touch: // answered when ZeroMQ has taken all before it: the sender's flow control
		if b.touchesWaiting() >= maxTouches {
			b.giveBackCommand(from, messages.Reason_FULL, "too many Touches are waiting")
			return
		}
		b.mark(mark{to: from, message: &actor.Touched{Who: b.self}}, nil)
	case *actor.PoisonPill:
		b.drain()
		b.mark(mark{pill: m}, messages.ErrStopped)
		b.lingerOn()
		b.settleNow() // whom it advertises to should hear of it
	case actor.AutoReceiveMessage, *zmqthread.Opened, *zmqthread.Failed, *zmqthread.Did,
		*nudge, *actor.DeadLetterResponse:
		b.Mailbox.PostUserMessage(envelope)
	default:
		if isQuestion(msg) {
			b.ask(msg, from)
			return
		}
		b.reject(msg, from, messages.Reason_UNSUPPORTED, describe(msg))
	}
}

// nudge wakes the actor. Caller holds mu; post is called without it.
func (b *box) nudge() (post func()) {
	if b.nudged {
		return func() {}
	}
	b.nudged = true
	return func() { b.Mailbox.PostUserMessage(theNudge) }
}

var theNudge = &nudge{}

// kick tells the thread that there is something to send, or room to receive.
func (b *box) kick() {
	if l := b.link.Load(); l != nil {
		l.Kick()
	}
}

// wakeAt makes actor and thread look at the box at a time.
func (b *box) wakeAt(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.arm(at)
}

// arm sets the alarm unless it goes off earlier anyway. Caller holds mu.
func (b *box) arm(at time.Time) {
	if b.stopped || !b.alarmAt.IsZero() && !at.Before(b.alarmAt) {
		return
	}
	b.alarmAt = at
	if b.alarm != nil {
		b.alarm.Stop()
	}
	b.alarm = time.AfterFunc(time.Until(at), b.ring)
}

func (b *box) ring() {
	b.mu.Lock()
	b.alarmAt = time.Time{}
	b.checkAlone()
	post := b.nudge()
	b.mu.Unlock()
	post()
	b.kick()
}
