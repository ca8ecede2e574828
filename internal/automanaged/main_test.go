package automanaged

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	protocluster "github.com/asynkron/protoactor-go/cluster"
	"github.com/asynkron/protoactor-go/cluster/clusterproviders/automanaged"
	"github.com/asynkron/protoactor-go/cluster/identitylookup/disthash"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/cluster"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// asMember has the test binary be a member: the hub's endpoint, the port of its health server, and the addresses of those of
// all members.
const asMember = "AUTOMANAGED_MEMBER"

// refresh is how often each member asks the others.
const refresh = 200 * time.Millisecond

func TestMain(m *testing.M) {
	if how := os.Getenv(asMember); how != "" {
		if err := beMember(strings.Fields(how)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	rig.Main(m)
}

// member is a process: a member of the cluster that does what it reads from its standard input.
type member struct {
	system  *actor.ActorSystem
	cluster *protocluster.Cluster
	ctx     context.Context

	mu   sync.Mutex
	open map[string]int // guarded by mu: sockets that are open, by identity
}

func beMember(how []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute) // whatever becomes of the test
	defer cancel()
	m := &member{ctx: ctx, open: map[string]int{}}
	m.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}))
	thread, err := zmqthread.Start(m.system, zmqthread.Config{})
	if err != nil {
		return err
	}
	far, err := cluster.Remote{Host: "127.0.0.1"}.Config()
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(how[1])
	if err != nil {
		return err
	}
	feed := cluster.Kind("feed", thread, func(identity string) socket.Config {
		return socket.Config{Type: socket.Req, Connect: []string{how[0]}, Events: m.watch(identity)}
	})
	// Its health server binds 0.0.0.0, which cannot be configured: for as long as a test runs, other machines can ask who
	// is a member here, and nothing else.
	provider := automanaged.NewWithConfig(refresh, port, how[2:]...)
	m.cluster = protocluster.New(m.system, protocluster.Configure("test", provider, cluster.Lookup(disthash.New(), 0), far,
		protocluster.WithKinds(feed)))
	if err := cluster.StartMember(ctx, m.cluster); err != nil {
		return err
	}
	fmt.Println("started", m.system.ID, m.system.Address())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		words := strings.Fields(in.Text())
		switch words[0] {
		case "ask":
			fmt.Println("answer", m.ask(words[1], words[2]))
		case "open":
			fmt.Println("open", m.opened())
		case "keep":
			m.system.Root.Spawn(cluster.Keep(m.cluster, "feed", words[1:]...))
		case "leave":
			fmt.Println("left", cluster.Shutdown(ctx, m.cluster))
			return nil
		}
	}
	return nil
}

// watch counts the sockets of an identity.
func (m *member) watch(identity string) *actor.PID {
	open := 0 // of this activation
	return m.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		m.mu.Lock()
		defer m.mu.Unlock()
		switch c.Message().(type) {
		case *socket.Opened:
			m.open[identity] += 1 - open
			open = 1
		case *socket.Stopped:
			m.open[identity] -= open
			c.Stop(c.Self())
		}
	}))
}

// opened lists the sockets here: each identity, as often as it has one.
func (m *member) opened() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for identity, n := range m.open {
		for range n {
			all = append(all, identity)
		}
	}
	return strings.Join(all, " ")
}

// ask answers with the address of whoever has the identity, and what the hub said to its socket: each ask has a second, because
// a member that has just died is asked until the provider misses it.
func (m *member) ask(identity, text string) string {
	for m.ctx.Err() == nil {
		pid := m.cluster.Get(identity, "feed")
		if pid == nil {
			time.Sleep(10 * time.Millisecond) // as cluster.Pause would
			continue
		}
		ctx, cancel := context.WithTimeout(m.ctx, time.Second)
		reply, err := messages.Ask(ctx, m.system.Root, pid, messages.Text(text))
		cancel()
		var dead *messages.Dead
		switch {
		case err == nil:
			return pid.Address + " " + reply.Text()
		case !errors.As(err, &dead) && !errors.Is(err, context.DeadlineExceeded):
			return "error: " + err.Error()
		}
	}
	return "error: " + m.ctx.Err().Error()
}
