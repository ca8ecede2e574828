package remote

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"

	"github.com/sockeye-mq/sockeye/messages"
)

// The other system is another process, this same test binary: two of Proto.Actor's remotes in one
// process race with each other, by a logger that is global.
const isFar = "SOCKEYE_TEST_FAR"

var near, farAddress = (*actor.ActorSystem)(nil), ""

func TestMain(m *testing.M) {
	if os.Getenv(isFar) != "" {
		beFar()
		return
	}
	os.Exit(run(m))
}

// run starts the other process and ends it.
func run(m *testing.M) int {
	far := exec.Command(os.Args[0])
	far.Env = append(os.Environ(), isFar+"=1")
	far.Stderr = os.Stderr
	in, err1 := far.StdinPipe()
	out, err2 := far.StdoutPipe()
	if err1 != nil || err2 != nil || far.Start() != nil {
		fmt.Fprintln(os.Stderr, "cannot start the other process:", err1, err2)
		return 1
	}
	defer far.Wait()
	defer in.Close() // it ends with its standard input
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		fmt.Fprintln(os.Stderr, "the other process says nothing:", err)
		return 1
	}
	farAddress = line[:len(line)-1]
	near = listen()
	return m.Run()
}

// listen returns a system that is reachable over loopback.
func listen() *actor.ActorSystem {
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))
	remote.NewRemote(system, remote.Configure("127.0.0.1", 0)).Start()
	return system
}

// beFar is the other process: it has actors of three kinds, asked for by name.
func beFar() {
	system := listen()
	_, err := system.Root.SpawnNamed(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			c.Respond(messages.Text(hire(system, m.Text()).Id))
		}
	}), "hire")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Println(system.Address())
	io.Copy(io.Discard, os.Stdin)
}

func hire(system *actor.ActorSystem, kind string) *actor.PID {
	if kind == "echo" {
		return system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
			if m, ok := c.Message().(*messages.Message); ok {
				c.Respond(messages.Text("far " + m.Text()))
			}
		}))
	}
	w := &worker{permit: make(chan struct{})}
	pid := system.Root.Spawn(actor.PropsFromFunc(w.receive, actor.WithMailbox(actor.Unbounded(w))))
	// What it is asked must overtake what it has to do.
	if _, err := system.Root.SpawnNamed(actor.PropsFromFunc(w.manage), pid.Id+"-manager"); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return pid
}

// worker processes nothing before it is permitted, and counts.
type worker struct {
	permit chan struct{}

	mu                    sync.Mutex
	now, most, got, wrong int // guarded by mu; now: in its mailbox or in its hands
}

func (w *worker) receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *messages.Message:
		w.process(m)
	case *messages.Batch:
		for _, m := range m.Messages() {
			w.process(m)
		}
	}
}

func (w *worker) process(m *messages.Message) {
	<-w.permit
	w.mu.Lock()
	defer w.mu.Unlock()
	if m.Text() != fmt.Sprint(w.got) {
		w.wrong++
	}
	w.got++
	w.now--
}

func (w *worker) manage(c actor.Context) {
	m, ok := c.Message().(*messages.Message)
	if !ok {
		return
	}
	if m.Text() == "permit" {
		close(w.permit)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	c.Respond(messages.Text(fmt.Sprint(w.most, " ", w.got, " ", w.wrong)))
}

// MessagePosted counts what the window bounds.
func (w *worker) MessagePosted(x any) {
	n := 0
	switch m := actor.UnwrapEnvelopeMessage(x).(type) {
	case *messages.Message:
		n = 1
	case *messages.Batch:
		n = int(m.Count)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now += n
	w.most = max(w.most, w.now)
}

func (*worker) MailboxStarted()     {}
func (*worker) MessageReceived(any) {}
func (*worker) MailboxEmpty()       {}
