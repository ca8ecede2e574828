package chaos

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

const peerEnv = "SOCKEYE_CHAOS_PEER"

// orders are what a peer process is told.
type orders struct {
	Incarnation int
	At          map[string]string // where its sockets are, by role
}

// peer is a process of our own, with sockets that are always at the same addresses. It is killed and
// started again. One goroutine uses it.
type peer struct {
	t       testing.TB
	orders  orders
	command *exec.Cmd
	stdin   io.Closer
	gone    chan error // its end, once
	said    *bytes.Buffer

	started, reaped int
}

func (x *world) peer(wire string) *peer {
	x.peers[wire] = newPeer(x.Rig, wire)
	return x.peers[wire]
}

func newPeer(r *rig.Rig, wire string) *peer {
	p := &peer{t: r.T, orders: orders{At: map[string]string{}}}
	for _, role := range []string{"rep", "router", "pull", "push", "pub"} {
		p.orders.At[role] = r.Endpoint(wire)
		if wire == "tcp" {
			p.orders.At[role] = fmt.Sprintf("tcp://127.0.0.1:%d", freePort(r.T))
		}
	}
	p.start()
	return p
}

// freePort finds a port below those that the system gives to whoever connects or binds to any: while
// the peer is down nobody else gets it, and no connection to it meets itself.
func freePort(t testing.TB) int {
	for range 1000 {
		port := 16_384 + rand.IntN(16_384)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

func (p *peer) at(role string) []string { return []string{p.orders.At[role]} }

func (p *peer) start() {
	p.orders.Incarnation++
	text, _ := json.Marshal(p.orders)
	p.command = exec.Command(os.Args[0], "-test.run=^TestChaosPeer$")
	p.command.Env = append(os.Environ(), peerEnv+"="+string(text))
	p.said, p.gone = &bytes.Buffer{}, make(chan error, 1)
	p.command.Stdout, p.command.Stderr = p.said, p.said
	stdin, err := p.command.StdinPipe()
	if err == nil {
		err = p.command.Start()
	}
	if err != nil {
		p.t.Errorf("start a peer: %v", err)
		p.command = nil
		return
	}
	p.stdin = stdin
	p.started++
	command, gone := p.command, p.gone
	go func() { gone <- command.Wait() }()
}

// kill ends it as kill -9 does. It must have been alive.
func (p *peer) kill() {
	if p.command == nil {
		return
	}
	select {
	case err := <-p.gone:
		p.gone <- err
		p.t.Errorf("a peer has ended by itself: %v\n%s", err, p.said)
	default:
		p.command.Process.Kill()
	}
	<-p.gone
	p.stdin.Close()
	p.reaped++
	p.command = nil
}

// finish lets it end: it must leave nothing behind either.
func (p *peer) finish() {
	if p.command == nil {
		return
	}
	p.stdin.Close()
	err := <-p.gone
	p.reaped++
	p.command = nil
	if err != nil {
		p.t.Errorf("a peer: %v\n%s", err, p.said)
	}
	if p.started != p.reaped {
		p.t.Errorf("%d peers were started and %d have ended", p.started, p.reaped)
	}
}

// TestChaosPeer is such a process.
func TestChaosPeer(t *testing.T) {
	var o orders
	if err := json.Unmarshal([]byte(os.Getenv(peerEnv)), &o); err != nil {
		t.Skip("part of TestChaos")
	}
	r := rig.Start(t, zmqthread.Config{})
	restart := patientBackoff()
	spawn := func(role string, cfg socket.Config, receivers ...*actor.PID) *actor.PID {
		cfg.Bind, cfg.Options = []string{o.At[role]}, options()
		if len(receivers) > 0 {
			cfg.Deliver = socket.To(receivers...)
		}
		return r.SpawnSupervised(restart, cfg)
	}
	in := &intake{t: t}
	server := r.Actor(in.serve)
	spawn("rep", socket.Config{Type: socket.Rep}, server)
	spawn("router", socket.Config{Type: socket.Router}, server)
	spawn("pull", socket.Config{Type: socket.Pull}, r.Actor(in.receive))
	push, pub := spawn("push", socket.Config{Type: socket.Push}), spawn("pub", socket.Config{Type: socket.Pub})

	over := make(chan bool)
	var users sync.WaitGroup
	for _, pid := range []*actor.PID{push, pub} {
		users.Go(func() {
			if err := feed(over, r.Root, pid, new(atomic.Uint64), fmt.Sprint(o.Incarnation)); err != nil && pid == pub {
				t.Error(err) // a PUSH whose peer is away takes nothing, rightly
			}
		})
	}
	io.Copy(io.Discard, os.Stdin) // until whoever started it closes it or dies
	close(over)
	users.Wait()
}

// intake is what a peer has received.
type intake struct {
	t    testing.TB
	mu   sync.Mutex
	seen bits // guarded by mu
}

func (in *intake) receive(c actor.Context) {
	m, ok := c.Message().(*messages.Message)
	if !ok {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if n, _, ok := number(m.Frames); !ok {
		in.t.Errorf("damaged: %.100q", m.Frames)
	} else if !in.seen.set(n) {
		in.t.Errorf("%d came twice", n)
	}
}

// serve responds to requests, and to the question whether a number was seen.
func (in *intake) serve(c actor.Context) {
	m, ok := c.Message().(*messages.Message)
	if !ok {
		return
	}
	if f := m.Body(); len(f) == 2 && string(f[0]) == "seen" {
		in.mu.Lock()
		answer := messages.Text(fmt.Sprint(in.seen.has(binary.BigEndian.Uint64(f[1]))))
		in.mu.Unlock()
		c.Respond(answer)
		return
	}
	respond(c, m)
}
