package wire

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	programs "github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// The Wire beside Proto.Actor's Remote in one system: each carries what is for its own addresses, at the same time
// and in order, and neither notices the end of a peer of the other's.
func TestBesideRemote(t *testing.T) {
	near := &known{at: map[string]Peer{}}
	a, b := start(t, Config{Lookup: near.lookup}), start(t, Config{Lookup: near.lookup})
	a.spawn("counter", counter())
	loved := a.spawn("loved", echo)
	one, other := beside(t), beside(t)
	both := beside(t, a, b)
	near.learn(both.address, both.endpoint)
	near.learn(a.wire.Address(), a.wire.Endpoint())
	near.learn(b.wire.Address(), b.wire.Endpoint())
	// A PID keeps the way that it was first sent, so it is made anew for each system.
	tell := func(s *side, what string) string { return s.ask(both.pid("agent"), what) }
	tell(a, "ask "+one.address+" echo") // both's Remote has found one

	const total = 2000
	tell(a, fmt.Sprintf("pour %d %s counter %s counter", total, a.wire.Address(), one.address))
	want := fmt.Sprint(total, " 0")
	if got := b.ask(a.pid("counter"), fmt.Sprint("? ", total)); got != want {
		t.Errorf("over the Wire came %s", got)
	}
	if got := tell(b, fmt.Sprintf("ask %s counter ? %d", one.address, total)); got != want {
		t.Errorf("over Remote came %s", got)
	}
	if got := tell(a, fmt.Sprintf("ask %s agent ask %s echo back", one.address, both.address)); got != "echo back" {
		t.Errorf("from Remote came %q", got)
	}
	peers := func() string { return tell(b, "peers") }
	members := []string{a.wire.Address(), b.wire.Address()}
	slices.Sort(members)
	if got := peers(); got != strings.Join(members, " ") {
		t.Errorf("the Wire has the peers %s, want %v", got, members)
	}

	// A peer of Remote's dies: its watcher is told, and the Wire does not notice.
	for _, who := range []*actor.PID{one.pid("echo"), a.pid(loved.Id)} {
		tell(a, "watch "+who.Address+" "+who.Id)
	}
	one.Kill()
	ended := func(want string) {
		rig.Until(t, "the end of "+want, func() bool { return tell(b, "ended") == want })
	}
	ended(one.address + "/echo")
	if got := a.ask(both.pid("echo"), "still"); got != "echo still" || a.ups(both.address) != 1 {
		t.Errorf("%q after %d sessions", got, a.ups(both.address))
	}
	// A peer of the Wire's leaves: its watcher is told, and Remote does not notice.
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	if err := a.wire.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	ended(one.address + "/echo " + a.pid(loved.Id).Address + "/" + loved.Id)
	if got := tell(b, "ask "+other.address+" echo there"); got != "echo there" {
		t.Errorf("over Remote came %q", got)
	}
}

// known is a directory.
type known struct {
	mu sync.Mutex
	at map[string]Peer // guarded by mu
}

func (k *known) learn(address, endpoint string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at[address] = Peer{Endpoint: endpoint}
}

func (k *known) lookup(address string) (Peer, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, ok := k.at[address]
	return p, ok
}

// neighbour is a process with a Remote, and with a Wire beside it if there is somebody for it.
type neighbour struct {
	far
	endpoint string // of its Wire
}

func beside(t *testing.T, members ...*side) *neighbour {
	t.Helper()
	what := "beside"
	for _, m := range members {
		what += " " + m.wire.Address() + " " + m.wire.Endpoint()
	}
	p := programs.StartEnv(t, []string{isFar + "=" + what + " "}, os.Args[0])
	n := &neighbour{far: far{Process: p}}
	n.address, n.endpoint, _ = strings.Cut(p.Await("address "), " ")
	return n
}

// beBeside is the other process: two Remotes in one race with each other, by a logger of gRPC's that is global.
func beBeside(members string) {
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}))
	remote.NewRemote(system, remote.Configure("127.0.0.1", 0, remote.WithEndpointWriterBatchSize(100),
		remote.WithEndpointWriterQueueSize(1024), remote.WithEndpointManagerBatchSize(100),
		remote.WithDialOptions(grpc.WithTransportCredentials(insecure.NewCredentials())))).Start()
	var w *Wire
	endpoint := ""
	if all := strings.Fields(members); len(all) > 0 {
		cfg := Config{Heartbeat: calm, Peers: map[string]Peer{}, Lookup: func(string) (Peer, bool) { return Peer{}, false }}
		for i := 0; i+1 < len(all); i += 2 {
			cfg.Peers[all[i]] = Peer{Endpoint: all[i+1]}
		}
		var err error
		if w, err = Start(system, cfg); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		endpoint = w.Endpoint()
	}
	for name, f := range map[string]actor.ReceiveFunc{"echo": echo, "counter": counter(), "agent": (&agent{wire: w}).receive} {
		if err := named(system, name, f); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	fmt.Println("address " + system.Address() + " " + endpoint)
	io.Copy(io.Discard, os.Stdin)
}

// agent does in that process what it is asked for.
type agent struct {
	wire  *Wire
	ended []string
}

func (a *agent) receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Terminated:
		a.ended = append(a.ended, m.Who.Address+"/"+m.Who.Id)
	case *messages.Message:
		what, rest, _ := strings.Cut(m.Text(), " ")
		if what == "ask" {
			a.ask(c, rest)
			return
		}
		c.Respond(messages.Text(a.do(c, what, strings.Fields(rest))))
	}
}

// ask asks somebody else: "address id question".
func (a *agent) ask(c actor.Context, what string) {
	address, what, _ := strings.Cut(what, " ")
	id, question, _ := strings.Cut(what, " ")
	asker := c.Sender()
	c.ReenterAfter(c.RequestFuture(actor.NewPID(address, id), messages.Text(question), rig.Patience), func(x any, err error) {
		if m, ok := x.(*messages.Message); ok {
			c.Send(asker, m)
		} else {
			c.Send(asker, messages.Text(fmt.Sprintf("%T %v", x, err)))
		}
	})
}

func (a *agent) do(c actor.Context, what string, words []string) (answer string) {
	switch what {
	case "pour": // numbers to some, by turns: "1000 address id address id"
		n := 0
		fmt.Sscan(words[0], &n)
		for i := range n {
			for at := 1; at+1 < len(words); at += 2 {
				c.Send(actor.NewPID(words[at], words[at+1]), messages.Text(fmt.Sprint(i)))
			}
		}
	case "watch":
		c.Watch(actor.NewPID(words[0], words[1]))
	case "ended":
		return strings.Join(a.ended, " ")
	case "peers":
		var all []string
		for address := range a.wire.Counts().Peers {
			all = append(all, address)
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	return "done"
}
