package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// The cap of the backoff, and the pause before a lost connection is made again.
const (
	longest   = 50 * time.Millisecond
	reconnect = 10 * time.Millisecond
)

func patientBackoff() *supervision.Backoff {
	return &supervision.Backoff{Min: time.Millisecond, Max: longest}
}

// options are those of every socket here.
func options() socket.Options {
	return socket.Options{ReconnectInterval: reconnect, Linger: 20 * time.Millisecond}
}

// world is everything that can be killed, and what uses it.
type world struct {
	*rig.Rig
	seed    uint64
	began   time.Time
	restart *supervision.Backoff
	threads map[string]*zmqthread.Thread

	sockets   map[string]*victim   // by name: wire and role
	receivers map[string]*receiver // by name of the socket
	peers     map[string]*peer     // by wire
	askers    []*asker
	flows     []*flow
	byPID     sync.Map // of receivers, dead ones too

	asked atomic.Uint64
	over  chan bool // closed when nothing is sent any more
	users sync.WaitGroup
	calls sync.WaitGroup

	recovery []time.Duration // of everything, after every round
	mu       sync.Mutex
	struck   time.Time                // guarded by mu: the last kill of a round; zero: it is still to come
	back     map[string]time.Duration // guarded by mu: from then to the first answer or arrival
}

// victim is a socket of this process.
type victim struct {
	pid  *actor.PID
	hook trap

	mu     sync.Mutex
	events []string // guarded by mu: the last of them
}

func (v *victim) listen(c actor.Context) {
	if e, ok := c.Message().(fmt.Stringer); ok && c.Sender() != nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.events = append(v.events[max(0, len(v.events)-40):], fmt.Sprintf("%s %s", time.Now().Format("05.000000"), e))
	}
}

// story is what has happened to it of late.
func (v *victim) story() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return strings.Join(v.events, "\n")
}

func newWorld(t *testing.T, seed uint64) *world {
	x := &world{Rig: rig.Start(t, zmqthread.Config{}), seed: seed, restart: patientBackoff(), over: make(chan bool),
		sockets: map[string]*victim{}, receivers: map[string]*receiver{}, peers: map[string]*peer{}}
	x.threads = map[string]*zmqthread.Thread{"near": x.Thread, "far": x.Beside(zmqthread.Config{})}
	x.System.EventStream.Subscribe(x.countDead)
	t.Cleanup(x.end)
	for _, wire := range wires {
		x.settle(wire)
	}
	return x
}

// socket spawns a socket by name. What binds is on the far thread.
func (x *world) socket(name string, cfg socket.Config) []string {
	v := &victim{}
	thread := x.threads["near"]
	if len(cfg.Bind) > 0 {
		thread = x.threads["far"]
	}
	cfg.Options, cfg.OnDead, cfg.Events = options(), socket.HoldBack, x.Actor(v.listen)
	if r := x.receivers[name]; r != nil {
		cfg.Deliver = socket.To(r.pid)
	}
	v.pid = x.SpawnOn(thread, cfg, actor.WithGuardian(x.restart), actor.WithReceiverMiddleware(v.hook.middleware))
	x.sockets[name] = v
	return x.At(v.pid)
}

// settle builds what there is on one wire.
func (x *world) settle(wire string) {
	name := func(role string) string { return wire + " " + role }
	bind := func(cfg socket.Config, role string) []string {
		cfg.Bind = []string{x.Endpoint(wire)}
		return x.socket(name(role), cfg)
	}
	for _, role := range []string{"rep", "router"} {
		x.receiver(name(role), respond)
	}
	p := x.peer(wire)
	rep := bind(socket.Config{Type: socket.Rep, ReplyTimeout: time.Second}, "rep")
	router := bind(socket.Config{Type: socket.Router, ReplyTimeout: time.Second, MuteTimeout: 100 * time.Millisecond}, "router")

	x.socket(name("req"), socket.Config{Type: socket.Req, Connect: rep, ReplyTimeout: 200 * time.Millisecond})
	x.asker(name("req"), 2*time.Second, messages.ErrTimedOut, messages.ErrFailed)
	x.socket(name("lazy"), socket.Config{Type: socket.Req, Connect: rep, ReplyTimeout: 100 * time.Millisecond, Retries: 20})
	x.asker(name("lazy"), rig.Patience, messages.ErrTimedOut)
	x.socket(name("again"), socket.Config{Type: socket.Req, Connect: router, ReplyTimeout: 200 * time.Millisecond, Retry: true})
	x.asker(name("again"), 2*time.Second, messages.ErrTimedOut)
	x.socket(name("dealer"), socket.Config{Type: socket.Dealer, Connect: router})
	x.asker(name("dealer"), 300*time.Millisecond, messages.ErrFailed)
	x.socket(name("sure"), socket.Config{Type: socket.Dealer, Connect: rep, Retry: true})
	x.asker(name("sure"), 300*time.Millisecond)
	x.socket(name("far lazy"), socket.Config{Type: socket.Req, Connect: p.at("rep"), ReplyTimeout: 200 * time.Millisecond, Retries: 20})
	x.asker(name("far lazy"), rig.Patience, messages.ErrTimedOut)
	x.socket(name("far sure"), socket.Config{Type: socket.Dealer, Connect: p.at("router"), Retry: true})
	x.asker(name("far sure"), 300*time.Millisecond)

	batch := 0
	if wire == "ipc" {
		batch = 16
	}
	x.flow(name("push"), name("pull"), socket.Config{Type: socket.Push}, socket.Config{Type: socket.Pull, Batch: batch})
	x.flow(name("out"), name("in"), socket.Config{Type: socket.Dealer}, socket.Config{Type: socket.Router, Batch: batch})
	x.flow(name("pub"), name("sub"), socket.Config{Type: socket.Pub}, socket.Config{Type: socket.Sub, Subscribe: []string{""}})
	x.flow(name("far push"), "", socket.Config{Type: socket.Push, Connect: p.at("pull")}, socket.Config{})
	x.flow("", name("far pull"), socket.Config{}, socket.Config{Type: socket.Pull, Connect: p.at("push")})
	x.flow("", name("far sub"), socket.Config{}, socket.Config{Type: socket.Sub, Connect: p.at("pub"), Subscribe: []string{""}})
}

// flow builds both ends of a flow, or the one that is in this process. A PUB binds, and so does what
// a PUSH or a DEALER sends to.
func (x *world) flow(from, to string, out, in socket.Config) {
	f := &flow{x: x, name: from, top: map[string]uint64{}, steady: true}
	for _, r := range roles {
		for _, wire := range wires {
			if end := wire + " " + r.name; r.native && (end == from || end == to) {
				f.steady = false
			}
		}
	}
	if to != "" {
		f.name, f.receiver = to, x.receiver(to, f.take)
	}
	switch {
	case from == "":
		x.socket(to, in)
	case to == "":
		x.socket(from, out)
	case out.Type == socket.Pub:
		out.Bind = []string{x.Endpoint(from[:3])}
		in.Connect = x.socket(from, out)
		x.socket(to, in)
	default:
		in.Bind = []string{x.Endpoint(from[:3])}
		out.Connect = x.socket(to, in)
		x.socket(from, out)
	}
	if to != "" {
		f.to = x.sockets[to].pid
	}
	if from != "" {
		f.from = x.sockets[from].pid
		x.Peers(f.from, 1)
	}
	x.flows = append(x.flows, f)
}

// live sets everything in motion.
func (x *world) live() {
	for i, a := range x.askers {
		for j := range 2 {
			rng := rand.New(rand.NewPCG(x.seed, uint64(100+2*i+j)))
			x.users.Go(func() { a.run(rng) })
		}
	}
	for _, f := range x.flows {
		if f.from != nil {
			x.users.Go(f.run)
		}
	}
	x.users.Go(x.look)
}

// look checks every ledger, again and again.
func (x *world) look() {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-x.over:
			return
		case <-tick.C:
			x.Audit()
		}
	}
}

// ask has a command carried out, and checks that it is answered.
func (x *world) ask(pid *actor.PID, command any, mayRefuse bool) {
	ctx, cancel := context.WithTimeout(context.Background(), rig.Patience)
	defer cancel()
	a, err := messages.Call(ctx, x.Root, pid, command)
	if _, refused := a.(*messages.Refused); err != nil && !mayRefuse || refused && !mayRefuse || ctx.Err() != nil {
		x.T.Errorf("%s: %T: %v %v", pid.Id, command, a, err)
	}
}

// quiesce ends what is sent, and waits for what is under way.
func (x *world) quiesce() {
	select {
	case <-x.over:
	default:
		close(x.over)
	}
	x.users.Wait()
	x.calls.Wait()
}

// end is for when the test is over, however.
func (x *world) end() {
	x.quiesce()
	for _, r := range x.receivers {
		r.stop()
	}
	for _, p := range x.peers {
		p.finish()
	}
	if x.T.Failed() {
		x.T.Logf("replay with -seed %d", x.seed)
	}
}
