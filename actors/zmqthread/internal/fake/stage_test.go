package fake_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/fake"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// stage is a world in which a plan is played. It lives in a bubble of synctest, so that time stands
// still while anything is under way and "nothing is under way" is known.
type stage struct {
	plan    plan
	net     *fake.Net
	system  *actor.ActorSystem
	threads []*zmqthread.Thread
	pulls   []*actress
	pushes  []*actress
	cast    []*actress // everybody who ever was
	critics []*receiver
	events  *actor.PID
	me      *actor.PID // the sender of everything that is sent
	puts    sync.WaitGroup
	waiting atomic.Int64 // of the puts
	largest uint64       // batch

	mu       sync.Mutex
	problems []string                  // guarded by mu
	fates    map[string]*fate          // guarded by mu: by a message's name
	byPID    map[string]*receiver      // guarded by mu: critics, by PID id
	last     map[string]*socket.Ledger // guarded by mu: of sockets that have stopped, by PID id
}

// actress is a socket and what a test may do to it.
type actress struct {
	pid     *actor.PID
	number  int
	sent    int // messages offered to it
	stalled bool

	mu  sync.Mutex
	raw *zmq.Socket // guarded by mu: as of the last open
}

// fate is what has become of one message.
type fate struct {
	back, dead, taken int
	got               map[*receiver]int
	mailed            *receiver // the last one whose mailbox it went into
	tripped           bool      // a delivery panicked: it counts as dropped, although others may have it
	unsure            bool      // a Put failed: whether it was accepted is not known
	put               bool      // a Put says that ZeroMQ has it
}

func enter(t *testing.T, p plan) *stage {
	s := &stage{plan: p, net: fake.New(p.seed, p.luck), fates: map[string]*fate{}, last: map[string]*socket.Ledger{},
		byPID: map[string]*receiver{}}
	s.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }),
		actor.WithDeadLetterThrottleInterval(time.Millisecond))
	s.system.EventStream.Subscribe(func(x any) {
		d, ok := x.(*actor.DeadLetterEvent)
		if !ok {
			return
		}
		if r := s.receiverOf(d.PID); r != nil { // its copy came when it had just died
			s.note(d.Message, func(f *fate) { f.mailed = r })
			return
		}
		s.note(d.Message, func(f *fate) { f.dead++ })
	})
	s.me = s.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Rejected); ok {
			s.returned(m)
		}
	}))
	s.events = s.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*socket.Stopped); ok {
			s.mu.Lock()
			s.last[c.Sender().Id] = &m.Ledger
			s.mu.Unlock()
		}
	}))
	for range p.threads {
		thread, err := zmqthread.Start(s.system, zmqthread.Config{Native: s.net, TurnMessages: p.turnMessages})
		if err != nil {
			t.Fatal(err)
		}
		s.threads = append(s.threads, thread)
	}
	for i := range p.pulls {
		s.pulls = append(s.pulls, s.spawnPull(i))
	}
	for i := range p.pushes {
		s.pushes = append(s.pushes, s.spawnPush(i))
	}
	return s
}

func (s *stage) complain(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
}

// spawn opens a socket that comes back from every failure at once, or nearly.
func (s *stage) spawn(number int, cfg socket.Config) *actress {
	a := &actress{number: number}
	cfg.Events, cfg.NoMonitor = s.events, !s.plan.monitor
	cfg.Options = socket.Options{SendHWM: s.plan.hwm, RecvHWM: s.plan.hwm}
	cfg.Configure = func(z *zmq.Socket) error {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.raw = z
		return nil
	}
	again := &supervision.Backoff{Min: time.Millisecond, Max: 2 * time.Millisecond, Retries: 1 << 20}
	a.pid = s.system.Root.Spawn(socket.Props(s.threads[number%len(s.threads)], cfg, actor.WithGuardian(again)))
	s.cast = append(s.cast, a)
	return a
}

func (s *stage) spawnPull(i int) *actress {
	var pids []*actor.PID
	var first []*receiver
	for range s.plan.perPull {
		r := s.receiver(i)
		first = append(first, r)
		pids = append(pids, r.pid)
	}
	to := socket.To(pids...)
	if s.plan.robin {
		to = socket.RoundRobin(pids...)
	}
	if s.plan.skip {
		to = to.SkipSlow()
	}
	a := s.spawn(i, socket.Config{Type: socket.Pull, Bind: []string{s.at(i)}, Deliver: to, OnDead: s.plan.onDead,
		Window: s.plan.window, Batch: s.plan.batch})
	for _, r := range first {
		r.pull = a
	}
	return a
}

func (s *stage) spawnPush(i int) *actress {
	cfg := socket.Config{Type: socket.Push, Outbox: s.plan.outbox, Overflow: s.plan.overflow}
	for k := range s.plan.pulls {
		cfg.Connect = append(cfg.Connect, s.at(k))
	}
	return s.spawn(i+1, cfg) // not all on the first thread
}

func (s *stage) at(i int) string {
	if s.plan.monitor {
		return fmt.Sprintf("tcp://pull-%d:1", i)
	}
	return fmt.Sprintf("inproc://pull-%d", i)
}

func (s *stage) receiverOf(pid *actor.PID) *receiver {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byPID[pid.GetId()]
}

// native is what a test may break.
func (a *actress) native() *zmq.Socket {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.raw
}

// receiver is an actor that processes one message after the other, when it is let.
type receiver struct {
	pid      *actor.PID
	pull     *actress
	gone     bool // killed
	attached bool
	stage    *stage

	mu     sync.Mutex
	held   chan struct{}  // guarded by mu: closed when it may go on
	trips  bool           // guarded by mu
	mailed int            // guarded by mu: messages in its mailbox or in its hands
	most   int            // guarded by mu
	upTo   map[string]int // guarded by mu: the last number from each sender
}

func (s *stage) receiver(pull int) *receiver {
	r := &receiver{stage: s, attached: true, upTo: map[string]int{}}
	if pull < len(s.pulls) {
		r.pull = s.pulls[pull]
	}
	r.pid = s.system.Root.Spawn(actor.PropsFromFunc(r.receive, actor.WithMailbox(actor.Unbounded(r))))
	s.critics = append(s.critics, r)
	s.mu.Lock()
	s.byPID[r.pid.Id] = r
	s.mu.Unlock()
	return r
}

func (r *receiver) receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *messages.Message:
		r.process(m)
	case *messages.Batch:
		for _, m := range m.Messages() {
			r.process(m)
		}
	}
}

func (r *receiver) process(m *messages.Message) {
	r.mu.Lock()
	held := r.held
	r.mu.Unlock()
	if held != nil {
		<-held
	}
	var sender string
	var number int
	if _, err := fmt.Sscan(m.Text(), &sender, &number); err != nil {
		r.stage.complain("%s received %.40q: %v", r.pid.Id, m.Text(), err)
	}
	r.mu.Lock()
	r.mailed--
	before := r.upTo[sender]
	r.upTo[sender] = max(before, number)
	r.mu.Unlock()
	if number <= before {
		r.stage.complain("%s received %d of %s after %d", r.pid.Id, number, sender, before)
	}
	r.stage.note(m, func(f *fate) { f.got[r]++ })
}

func (r *receiver) hold(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !on && r.held != nil {
		close(r.held)
		r.held = nil
	} else if on && r.held == nil {
		r.held = make(chan struct{})
	}
}

// MessagePosted counts what is in the mailbox: the window bounds it.
func (r *receiver) MessagePosted(x any) {
	x = actor.UnwrapEnvelopeMessage(x)
	n := 0
	switch m := x.(type) {
	case *messages.Message:
		n = 1
	case *messages.Batch:
		n = int(m.Count)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.trips && n > 0 {
		r.trips = false
		r.stage.note(x, func(f *fate) { f.tripped = true })
		panic("tripped")
	}
	r.stage.note(x, func(f *fate) { f.mailed = r })
	r.mailed += n
	r.most = max(r.most, r.mailed)
}

// trip makes the next delivery panic, on the goroutine of the socket actor.
func (r *receiver) trip() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trips = true
}

func (r *receiver) MailboxStarted()     {}
func (r *receiver) MessageReceived(any) {}
func (r *receiver) MailboxEmpty()       {}

// ctx bounds a call in the time of the bubble.
func ctx() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), time.Minute)
}
