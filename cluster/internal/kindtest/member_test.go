package kindtest

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
	"time"

	"github.com/asynkron/protoactor-go/actor"
	protocluster "github.com/asynkron/protoactor-go/cluster"
	"github.com/asynkron/protoactor-go/cluster/identitylookup/disthash"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/cluster"
	"github.com/sockeye-mq/sockeye/messages"
)

// member is a process: a member of the cluster that does what it reads from its standard input. Each line is a number and a
// command; the answer is the number and a line.
type member struct {
	system  *actor.ActorSystem
	cluster *protocluster.Cluster
	told    *told
	out     sync.Mutex
	ctx     context.Context

	mu   sync.Mutex
	open map[string]map[string]bool // guarded by mu: sockets that are open, by identity

	evicted chan string
	load    chan struct{} // guarded by mu; closed: stop
	loaded  chan string   // guarded by mu
}

func beMember(hub string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute) // whatever becomes of the test
	defer cancel()
	m := &member{told: &told{}, ctx: ctx, open: map[string]map[string]bool{}, evicted: make(chan string, 10)}
	m.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return logger() }))
	thread, err := zmqthread.Start(m.system, zmqthread.Config{})
	if err != nil {
		return err
	}
	far, err := cluster.Remote{Host: "127.0.0.1"}.Config()
	if err != nil {
		return err
	}
	feed := cluster.Kind("feed", thread, func(identity string) socket.Config {
		return socket.Config{Type: socket.Req, Connect: []string{hub}, Events: m.watch(identity)}
	})
	// A user's own kind, beside it.
	greeter := protocluster.NewKind("greeter", actor.PropsFromFunc(func(c actor.Context) {
		if request, ok := c.Message().(*messages.Message); ok {
			c.Respond(messages.Text("hello " + request.Text()))
		}
	}))
	m.cluster = protocluster.New(m.system, protocluster.Configure("test", m.told, cluster.Lookup(disthash.New(), 0), far,
		protocluster.WithKinds(feed, greeter)))
	m.system.EventStream.Subscribe(func(event any) {
		if e, ok := event.(*cluster.Evicted); ok {
			m.evicted <- e.Member
		}
	})
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		number, command, _ := strings.Cut(in.Text(), " ")
		words := strings.Fields(command)
		if words[0] == "exit" {
			return nil
		}
		go func() {
			answer := strings.ReplaceAll(m.do(words[0], words[1:]), "\n", "; ")
			m.out.Lock()
			defer m.out.Unlock()
			fmt.Println(number, answer)
		}()
	}
	return nil
}

func logger() *slog.Logger {
	if os.Getenv("KINDTEST_LOG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.DiscardHandler)
}

// watch counts the sockets of an identity.
func (m *member) watch(identity string) *actor.PID {
	return m.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		m.mu.Lock()
		defer m.mu.Unlock()
		switch c.Message().(type) {
		case *socket.Opened:
			if m.open[identity] == nil {
				m.open[identity] = map[string]bool{}
			}
			m.open[identity][c.Sender().Id] = true
		case *socket.Stopped:
			delete(m.open[identity], c.Sender().Id)
			c.Stop(c.Self())
		}
	}))
}

func (m *member) do(command string, args []string) string {
	switch command {
	case "start": // how the provider behaves, and for how many milliseconds to wait for it
		ms, _ := strconv.Atoi(args[1])
		m.told.behave(args[0])
		ctx, cancel := context.WithTimeout(m.ctx, time.Duration(ms)*time.Millisecond)
		defer cancel()
		err := cluster.StartMember(ctx, m.cluster)
		return verdict(m.system.ID+" "+m.system.Address(), err)
	case "client":
		m.cluster.StartClient()
		return "ok"
	case "shutdown":
		ms, _ := strconv.Atoi(args[0])
		ctx, cancel := context.WithTimeout(m.ctx, time.Duration(ms)*time.Millisecond)
		defer cancel()
		return verdict("ok", cluster.Shutdown(ctx, m.cluster))
	case "release":
		m.told.release()
		return "ok"
	case "shuts":
		return fmt.Sprint(m.told.shuts.Load())
	case "members":
		m.told.tell(m.cluster, args)
		return "ok"
	case "evicted":
		return <-m.evicted
	case "keep":
		m.system.Root.Spawn(cluster.Keep(m.cluster, "feed", args...))
		return "ok"
	case "ask": // a kind, an identity, a text: by PID
		return m.ask(args[0], args[1], args[2])
	case "put":
		return m.put(args[0])
	case "request": // the same through the cluster
		answer, err := m.cluster.Request(args[1], args[0], messages.Text(args[2]), cluster.Pause(), protocluster.WithTimeout(5*time.Second))
		if reply, ok := answer.(*messages.Message); ok {
			return reply.Text()
		}
		return verdict(fmt.Sprint(answer), err)
	case "open":
		return m.opened()
	case "load":
		load, loaded := make(chan struct{}), make(chan string, 1)
		m.mu.Lock()
		m.load, m.loaded = load, loaded
		m.mu.Unlock()
		go m.loop(args, load, loaded)
		return "ok"
	case "unload":
		m.mu.Lock()
		load, loaded := m.load, m.loaded
		m.mu.Unlock()
		close(load)
		return <-loaded
	}
	return "no such command"
}

func verdict(good string, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return good
}

// get waits until there is a PID.
func (m *member) get(kind, identity string) *actor.PID {
	for m.ctx.Err() == nil {
		if pid := m.cluster.Get(identity, kind); pid != nil {
			return pid
		}
		select { // as cluster.Pause would
		case <-m.ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// ask answers with the address of whoever has the identity, and what the hub said.
func (m *member) ask(kind, identity, text string) string {
	for {
		pid := m.get(kind, identity)
		reply, err := messages.Ask(m.ctx, m.system.Root, pid, messages.Text(text))
		var dead *messages.Dead
		if errors.As(err, &dead) {
			continue // it has moved
		}
		if err != nil {
			return "error: " + err.Error()
		}
		return pid.Address + " " + reply.Text()
	}
}

func (m *member) put(identity string) string {
	pid := m.get("feed", identity)
	return verdict(pid.Address, messages.Put(m.ctx, m.system.Root, pid, messages.Text("put")))
}

// opened lists the sockets here: each identity, as often as it has one.
func (m *member) opened() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for identity, sockets := range m.open {
		for range sockets {
			all = append(all, identity)
		}
	}
	return strings.Join(all, " ")
}

// loop asks for all identities until it is told to stop, and each as often as the other.
func (m *member) loop(identities []string, load <-chan struct{}, loaded chan<- string) {
	rounds := 0
	for {
		for _, identity := range identities {
			m.cluster.Get(identity, "feed")
		}
		rounds++
		select {
		case <-load:
			loaded <- fmt.Sprint(rounds)
			return
		default:
		}
	}
}
