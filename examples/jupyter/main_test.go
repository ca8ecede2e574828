package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

func TestMain(m *testing.M) { rig.Main(m) }

// lab is a desk for a test, and an actor that gets the output of its cells.
type lab struct {
	*desk
	t   *testing.T
	dir string // where its kernels have their folders
	out *actor.PID

	got     chan *Output
	asked   chan *Question
	answers chan *Answer // to questions, in order
	told    *record
}

// record is what the teller prints.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (l *record) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *record) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// quick is a config for tests: restarts come soon, and a computer that is busy has time.
func quick(t testing.TB) config {
	cfg := standard(ipykernel(peer.Python(t, "ipykernel")))
	cfg.Restart = &supervision.Backoff{Min: 10 * time.Millisecond, Max: 100 * time.Millisecond, Retries: 5, Window: time.Minute}
	return cfg
}

// start starts a kernel, which ends with the test and leaves nothing.
func startLab(t *testing.T, cfg config) *lab {
	t.Helper()
	rig.Leaks(t)
	dir, err := os.MkdirTemp("", "lab")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	l := &lab{t: t, dir: dir, got: make(chan *Output, 1<<14), asked: make(chan *Question, 16),
		answers: make(chan *Answer, 16), told: &record{}}
	if l.desk, err = open(cfg, timed(l.told)); err != nil {
		t.Fatal(err)
	}
	l.out = l.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *Output:
			l.got <- m
		case *Question:
			l.asked <- m
			select {
			case a := <-l.answers:
				a.To = m
				c.Respond(a)
			default: // the test does, or nobody
			}
		}
	}))
	t.Cleanup(func() {
		if err := errors.Join(l.desk.close(), l.system.Root.StopFuture(l.out).Wait()); err != nil {
			t.Error(err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "jupyter*")); len(left) > 0 {
			t.Errorf("folders are left: %q", left)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(l.told)
		}
	})
	return l
}

// long is how long a kernel may take on a busy computer: python starts slowly.
const long = 6 * rig.Patience

// call calls the kernel.
func (l *lab) call(question any) (any, error) {
	ctx, cancel := context.WithTimeout(l.t.Context(), long)
	defer cancel()
	return messages.Call(ctx, l.system.Root, l.kernel, question)
}

// try runs a cell.
func (l *lab) try(e *Execute) (*Outcome, error) {
	answer, err := l.call(e)
	if err != nil {
		return nil, err
	}
	return answer.(*Outcome), nil
}

// run runs a cell that is not to be lost.
func (l *lab) run(code string) *Outcome {
	l.t.Helper()
	o, err := l.try(&Execute{Code: code, Out: l.out})
	if err != nil {
		l.t.Fatal(err)
	}
	return o
}

// begin runs a cell in the background.
func (l *lab) begin(code string) <-chan result {
	ended := make(chan result, 1)
	go func() {
		o, err := l.try(&Execute{Code: code, Out: l.out})
		ended <- result{o, err}
	}()
	return ended
}

// forever begins a cell that does not end, and returns when it runs.
func (l *lab) forever() <-chan result {
	l.t.Helper()
	mark := newID()
	ended := l.begin(endlessly(mark))
	l.sees(mark)
	return ended
}

// endlessly is seen when it is in its loop: with a flush it would wait for that in code of Python's that an
// interrupt breaks ("release unlocked lock").
func endlessly(mark string) string {
	return "import time\nprint('" + mark + "')\nwhile True: time.sleep(0.01)"
}

type result struct {
	o   *Outcome
	err error
}

// sees waits for output that contains text.
func (l *lab) sees(text string) *Output {
	l.t.Helper()
	return await(l.t, text, l.got, func(o *Output) bool { return strings.Contains(o.Text, text) })
}

func (l *lab) now() *State {
	l.t.Helper()
	s, err := l.call(Ask{})
	if err != nil {
		l.t.Fatal(err)
	}
	return s.(*State)
}

// await takes from a channel until ok is true.
func await[T any](t *testing.T, what string, from <-chan T, ok func(T) bool) T {
	t.Helper()
	deadline := time.After(long)
	for {
		select {
		case x := <-from:
			if ok(x) {
				return x
			}
		case <-deadline:
			t.Fatalf("waited %v in vain for %s", long, what)
		}
	}
}

func any1[T any](T) bool { return true }

// until waits for what nothing tells of, longer than rig.Until does.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(long); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain until %s", long, what)
		}
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// part is an actor of the kernel's life.
func (l *lab) part(name string) *actor.PID {
	return l.system.NewLocalPID(l.kernel.Id + "/life/" + name)
}

// What must be in the output of the demonstration, in this order; other lines may come between.
var story = []string{
	"> ", "a cell has a result", "kernel     1 is up, process ", "result     42\n",
	"bit by bit", "stdout     0\n", "stdout     1\n", "stdout     2\n",
	"another fails", "traceback  ", "return 1 / n", "ZeroDivisionError: division by zero\n", "error      ZeroDivisionError: division by zero\n",
	"another asks", "asks       your name?", "answers    Ada\n", "stdout     hello Ada\n",
	"more than is wanted", "stdout     0 1 2 3", "omitted    ", " pieces, 588840 bytes\n",
	"is interrupted", "stdout     running\n", "KeyboardInterrupt", "error      KeyboardInterrupt: \n",
	"kill -9", "stdout     running\n", "kernel     1 is down: the kernel, process ", "signal: killed",
	"lost       ", "the cell is lost with kernel 1: ", "client     knew that after ",
	"x is gone", "kernel     2 is up, process ", "error      NameError: name 'x' is not defined\n",
	"answers no heartbeat", "stdout     running\n", "kernel     2 is down: the kernel has answered none of 3 heartbeats within 1s each\n",
	"the cell is lost with kernel 2: ", "run in the next", "kernel     3 is up, process ", "stdout     as ever\n",
	"without the key", "stdout     honest\n", "messages with a wrong signature: 1\n",
	"kernel     3 is down: the kernel was shut down\n", "there will be no other\n",
}

func TestDemonstration(t *testing.T) {
	cfg := quick(t)
	rig.Leaks(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*long)
	defer cancel()
	out := &record{}
	if err := demonstrate(ctx, cfg, out); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rest := out.String()
	for _, want := range story {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("does not say %q, or not where it should:\n%s", want, out)
		}
		rest = after
	}
	if strings.Contains(out.String(), "forged\n") {
		t.Errorf("what was forged is shown:\n%s", out)
	}
}

// Interrupted, it stops what it has started.
func TestInterrupted(t *testing.T) {
	cfg := quick(t)
	rig.Leaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := demonstrate(ctx, cfg, io.Discard); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
