package zmqthread

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
	"github.com/sockeye-mq/sockeye/messages"
)

// deaf is a Port that sends and receives nothing; what it does is said by its fields.
type deaf struct {
	outgoing func() Load
	detached chan error
}

func newDeaf() *deaf { return &deaf{detached: make(chan error, 100)} }

func (d *deaf) Outgoing() (l Load) {
	if d.outgoing != nil {
		return d.outgoing()
	}
	return l
}
func (d *deaf) Sent(int, int, int)            {}
func (d *deaf) Unsendable(error)              {}
func (d *deaf) Trouble() error                { return nil }
func (d *deaf) Ended() (time.Duration, bool)  { return 0, true }
func (d *deaf) Full() bool                    { return false }
func (d *deaf) Rest()                         {}
func (d *deaf) Room() int                     { return 0 }
func (d *deaf) Received(*messages.Batch) bool { return false }
func (d *deaf) ReceivedLarge(l Large)         { go l.Free() }
func (d *deaf) Skipped(int)                   {}
func (d *deaf) Event(Event)                   {}
func (d *deaf) Met(string, int)               {}
func (d *deaf) Attached(*Link)                {}
func (d *deaf) Detached(err error)            { d.detached <- err }

// bench is a thread and an owner of sockets that hands on what it is told.
type bench struct {
	*testing.T
	system *actor.ActorSystem
	thread *Thread
	owner  *actor.PID
	told   chan any
}

type send struct{ m any }

func layers() map[string]native.Layer {
	return map[string]native.Layer{
		"epoll":           native.Real{},
		"zmq_poll":        native.Real{Portable: true},
		"pebbe":           native.Real{Plain: true},
		"pebbe, zmq_poll": native.Real{Plain: true, Portable: true},
	}
}

func newBench(t *testing.T, cfg Config) *bench {
	b := &bench{T: t, told: make(chan any, 1000)}
	b.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(io.Discard, nil))
	}))
	var err error
	if b.thread, err = Start(b.system, cfg); err != nil {
		t.Fatal(err)
	}
	b.owner = b.spawnOwner()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := b.thread.Shutdown(ctx); err != nil {
			t.Error("shutdown:", err)
		}
	})
	return b
}

func (b *bench) spawnOwner() *actor.PID {
	return b.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case send:
			c.Request(b.thread.PID(), m.m)
		case *Opened, *Failed, *Did:
			b.told <- m
		}
	}))
}

func (b *bench) open(o *Open) any {
	b.Helper()
	if o.Port == nil {
		o.Port = newDeaf()
	}
	b.system.Root.Send(b.owner, send{o})
	return b.next()
}

func (b *bench) next() any {
	b.Helper()
	select {
	case m := <-b.told:
		return m
	case <-time.After(5 * time.Second):
		b.Fatal("the owner was told nothing")
		return nil
	}
}

// on runs f in a turn of the poll actor.
func (b *bench) on(f func()) { b.system.Root.Send(b.thread.PID(), run{f}) }

func (b *bench) tid() int {
	b.Helper()
	tid := make(chan int)
	b.on(func() { tid <- syscall.Gettid() })
	select {
	case n := <-tid:
		return n
	case <-time.After(5 * time.Second):
		b.Fatal("the poll actor is dead")
		return 0
	}
}

// Every turn of the poll actor, whatever fails, runs on one OS thread.
func TestOneThread(t *testing.T) {
	for name, layer := range layers() {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, Config{Native: layer})
			want := b.tid()
			if want == syscall.Gettid() {
				t.Fatal("the test's own thread")
			}
			for i := range 50 {
				b.on(func() { panic("crash") })
				var setup int
				reply := b.open(&Open{Type: zmq.PUSH, Setup: func(*zmq.Socket) error { setup = syscall.Gettid(); return nil }, Port: newDeaf()})
				if _, ok := reply.(*Opened); !ok || setup != want {
					t.Fatal(i, reply, "setup on", setup, "want", want)
				}
				if got := b.tid(); got != want {
					t.Fatal("after", i, "crashes on thread", got, "was", want)
				}
			}
		})
	}
}

// A Goexit on the thread ends the OS thread, and another one goes on with the same table.
func TestGoexit(t *testing.T) {
	b := newBench(t, Config{})
	port := newDeaf()
	b.open(&Open{Type: zmq.PUSH, Bind: []string{"inproc://stays"}, Port: port})
	before := b.tid()
	b.on(runtime.Goexit)
	if after := b.tid(); after == before {
		t.Fatal("still on the thread that has ended")
	}
	first := b.open(&Open{Type: zmq.PUSH, Bind: []string{"inproc://stays"}, Port: port})
	if o, ok := first.(*Opened); !ok || len(o.Bound) != 1 {
		t.Fatalf("the socket did not survive: %#v", first)
	}
	if len(port.detached) > 0 {
		t.Fatal("it was closed in between")
	}
	failed, ok := b.open(&Open{Type: zmq.PUSH, Setup: func(*zmq.Socket) error { runtime.Goexit(); return nil }}).(*Failed)
	if !ok || !errors.Is(failed.Err, ErrGoexit) {
		t.Fatalf("Goexit in Setup: %#v", failed)
	}
}

// The poll actor crashes; every native socket stays open and serves on.
func TestTableSurvivesThePollActor(t *testing.T) {
	b := newBench(t, Config{})
	port := newDeaf()
	opened := b.open(&Open{Type: zmq.PULL, Bind: []string{"tcp://127.0.0.1:*"}, Port: port}).(*Opened)
	for range 100 {
		b.on(func() { panic("crash") })
	}
	again := b.open(&Open{Type: zmq.PULL, Bind: []string{"tcp://127.0.0.1:*"}, Port: port}).(*Opened)
	if again.Bound[0] != opened.Bound[0] || len(port.detached) > 0 {
		t.Fatal("it was reopened:", opened.Bound, again.Bound)
	}
}

// A panic while one socket is served fails its owner only, and the native socket stays.
func TestPanicIsOneSocketsFailure(t *testing.T) {
	b := newBench(t, Config{})
	var served atomic.Int64
	bystander := newDeaf()
	bystander.outgoing = func() (l Load) { served.Add(1); return l }
	b.open(&Open{Type: zmq.PUSH, Port: bystander})
	b.owner = b.spawnOwner()
	broken := newDeaf()
	broken.outgoing = func() Load { panic("broken") }
	b.open(&Open{Type: zmq.PUSH, Port: broken})
	failed, ok := b.next().(*Failed)
	var p *PanicError
	if !ok || !failed.Kept || !errors.As(failed.Err, &p) || p.Value != "broken" {
		t.Fatalf("%#v", failed)
	}
	if len(broken.detached)+len(bystander.detached) > 0 {
		t.Fatal("a socket was closed")
	}
	if served.Load() == 0 {
		t.Fatal("the other socket was never served")
	}
	broken.outgoing = nil
	if _, ok := b.open(&Open{Type: zmq.PUSH, Port: broken}).(*Opened); !ok {
		t.Fatal("it did not get its socket back")
	}
}

// A bind that finds its address taken is tried again for some milliseconds, without blocking.
func TestBindRetry(t *testing.T) {
	b := newBench(t, Config{})
	at := b.open(&Open{Type: zmq.PULL, Bind: []string{"tcp://127.0.0.1:*"}}).(*Opened).Bound
	first := b.owner
	b.owner = b.spawnOwner()
	failed, ok := b.open(&Open{Type: zmq.PULL, Bind: at}).(*Failed)
	if !ok || !errors.Is(failed.Err, syscall.EADDRINUSE) {
		t.Fatalf("%#v", failed)
	}
	var held *HeldError
	if !errors.As(failed.Err, &held) || !held.Holder.Equal(first) || held.Endpoint != at[0] {
		t.Fatal("who holds it is not said:", failed.Err)
	}
	for range 200 { // close and bind again at once: never an error
		b.system.Root.Send(b.thread.PID(), &Close{Owner: first})
		b.system.Root.Send(b.thread.PID(), &Close{Owner: b.owner})
		reply := b.open(&Open{Type: zmq.PULL, Bind: at})
		if failed, ok := reply.(*Failed); ok {
			t.Fatal(failed.Err)
		}
	}
}

// An owner that dies has its socket closed.
func TestOrphan(t *testing.T) {
	b := newBench(t, Config{})
	port := newDeaf()
	b.open(&Open{Type: zmq.PUSH, Port: port})
	b.system.Root.Stop(b.owner)
	select {
	case err := <-port.detached:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("still open")
	}
}

// A socket whose owner does not stop is named, and closed all the same.
func TestShutdownNamesWhatIsOpen(t *testing.T) {
	b := newBench(t, Config{})
	block := make(chan struct{})
	defer close(block)
	port := newDeaf()
	stubborn, _ := b.system.Root.SpawnNamed(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case send:
			c.Request(b.thread.PID(), m.m)
		case *Opened:
			b.told <- m
			<-block
		}
	}), "stubborn")
	b.owner = stubborn
	b.open(&Open{Type: zmq.PUSH, Port: port})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	err := b.thread.Shutdown(ctx)
	var open *ShutdownError
	if !errors.As(err, &open) || len(open.Open) != 1 || open.Open[0].Id != "stubborn" || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%#v", err)
	}
	if err := <-port.detached; !errors.Is(err, ErrShutdown) {
		t.Fatal(err)
	}
	again := b.thread.Shutdown(context.Background())
	if again != err {
		t.Fatal("a second call says something else:", again)
	}
	b.thread.closer.err = nil // for Cleanup, which expects a good end
}

// Whoever asks a thread that was shut down gets an answer.
func TestAfterShutdown(t *testing.T) {
	b := newBench(t, Config{})
	if err := b.thread.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	answer := make(chan any, 1)
	asker := b.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case send:
			c.Request(b.thread.PID(), m.m)
		case *Failed, *actor.DeadLetterResponse:
			answer <- m
		}
	}))
	b.system.Root.Send(asker, send{&Open{Type: zmq.PUSH, Port: newDeaf()}})
	select {
	case <-answer:
	case <-time.After(5 * time.Second):
		t.Fatal("no answer")
	}
	if _, err := Start(b.system, Config{Share: b.thread}); !errors.Is(err, ErrShutdown) {
		t.Fatal("sharing a context that is gone:", err)
	}
}

// Threads that share a context reach one another over inproc, and the context lives as long as one
// of them.
func TestSharedContext(t *testing.T) {
	a := newBench(t, Config{})
	b, err := Start(a.system, Config{Share: a.thread})
	if err != nil {
		t.Fatal(err)
	}
	if b.context != a.thread.context {
		t.Fatal("two contexts")
	}
	if err := b.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, ok := a.open(&Open{Type: zmq.PUSH}).(*Opened); !ok {
		t.Fatal("the context has gone with the first thread")
	}
}

// A flood of commands does not starve the sockets (facts P2).
func TestCommandsDoNotStarveSockets(t *testing.T) {
	b := newBench(t, Config{})
	var served atomic.Int64
	port := newDeaf()
	port.outgoing = func() (l Load) { served.Add(1); return l }
	b.open(&Open{Type: zmq.PUSH, Port: port})
	links := make(chan *Link, 1)
	b.on(func() { links <- b.thread.table.owners[b.owner.Id].link })
	link := <-links
	before := served.Load()
	const flood = 20_000
	for range flood {
		b.on(func() { link.Kick() })
	}
	b.tid() // behind all of them
	if n := served.Load() - before; n < flood/64/2 {
		t.Fatalf("served %d times during %d commands", n, flood)
	}
}

func TestConfig(t *testing.T) {
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(io.Discard, nil))
	}))
	for _, cfg := range []Config{{IOThreads: -1}, {MaxSockets: -1}, {TurnMessages: -1}, {TurnBytes: -1},
		{Share: &Thread{}, IOThreads: 2}} {
		if _, err := Start(system, cfg); !errors.Is(err, ErrConfig) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

// Lanes share a context, and sockets are placed by name or by load.
func TestLanes(t *testing.T) {
	b := newBench(t, Config{})
	lanes, err := StartLanes(b.system, 3, Config{Name: "lane"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := lanes.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	seen := map[*Thread]bool{}
	io := map[uint64]bool{} // masks of I/O threads
	setup := func(z *zmq.Socket) error {
		affinity, err := z.GetAffinity()
		io[affinity] = true
		return err
	}
	for i := range 3 {
		least := lanes.Least()
		seen[least] = true
		own := b.thread
		b.thread = least
		b.owner = b.spawnOwner()
		if _, ok := b.open(&Open{Type: zmq.PULL, Setup: setup, Bind: []string{fmt.Sprint("inproc://lane-", i)}}).(*Opened); !ok || least.Sockets() != 1 {
			t.Fatal("not placed")
		}
		b.thread = own
	}
	if len(seen) != 3 || len(io) != 3 || !io[1] || !io[2] || !io[4] {
		t.Error("3 sockets on", len(seen), "of 3 lanes, with the I/O threads", io)
	}
	if again := lanes.Named("a"); again != lanes.Named("a") || lanes.Threads()[0].context != lanes.Threads()[2].context {
		t.Error("a name has two lanes, or there are two contexts")
	}
	if _, err := StartLanes(b.system, 0, Config{}); !errors.Is(err, ErrConfig) {
		t.Error(err)
	}
}

// A socket that cannot send does not keep the thread busy, whatever its POLLOUT says.
func TestBlockedSocketDoesNotSpin(t *testing.T) {
	for _, typ := range []zmq.Type{zmq.PUSH, zmq.XPUB, zmq.ROUTER} {
		for name, layer := range layers() {
			t.Run(fmt.Sprint(typ, " ", name), func(t *testing.T) {
				b := newBench(t, Config{Native: layer})
				var asked atomic.Int64
				full := newDeaf()
				full.outgoing = func() Load {
					asked.Add(1)
					return Load{Data: []byte("peerbody"), Lens: []uint32{4 | messages.More, 4}, Most: 1}
				}
				setup := func(s *zmq.Socket) error {
					s.SetSndhwm(1)
					s.SetRcvhwm(1)
					s.SetIdentity("peer")
					if typ == zmq.XPUB {
						return s.SetXpubNodrop(true)
					}
					if typ == zmq.ROUTER {
						return s.SetRouterMandatory(1)
					}
					return nil
				}
				peer := map[zmq.Type]zmq.Type{zmq.PUSH: zmq.PULL, zmq.XPUB: zmq.SUB, zmq.ROUTER: zmq.DEALER}[typ]
				at := b.open(&Open{Type: typ, Bind: []string{"inproc://full"}, Setup: setup, Port: full}).(*Opened).Bound
				b.owner = b.spawnOwner()
				subscribe := []string(nil)
				if peer == zmq.SUB {
					subscribe = []string{""}
				}
				b.open(&Open{Type: peer, Connect: at, Subscribe: subscribe, Setup: func(s *zmq.Socket) error {
					s.SetSndhwm(1)
					s.SetRcvhwm(1)
					if peer == zmq.DEALER {
						return s.SetIdentity("peer")
					}
					return nil
				}})
				time.Sleep(50 * time.Millisecond) // nothing happens any more: that is what is tested
				before := asked.Load()
				time.Sleep(200 * time.Millisecond)
				if n := asked.Load() - before; n > 400 {
					t.Errorf("asked %d times in 200 ms for what it cannot send", n)
				}
			})
		}
	}
}
