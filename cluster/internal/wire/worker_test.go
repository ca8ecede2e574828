package wire

import (
	"fmt"
	"os"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// worker processes nothing before it is permitted, and counts what is in its mailbox.
type worker struct {
	permit chan struct{}

	mu                    sync.Mutex
	now, most, got, wrong int // guarded by mu; now: in its mailbox or in its hands
}

// hireWorker spawns a worker and its manager.
func hireWorker(system *actor.ActorSystem) *actor.PID {
	w := &worker{permit: make(chan struct{})}
	pid := system.Root.Spawn(actor.PropsFromFunc(w.receive, actor.WithMailbox(actor.Unbounded(w))))
	// What it is asked must overtake what it has to do.
	if err := named(system, pid.Id+"-manager", w.manage); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return pid
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
