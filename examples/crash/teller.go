package main

import (
	"fmt"
	"io"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
)

// teller is the actor that prints: every event, every decision, every line, in the order in which
// they reach it, with the seconds since the start and the socket's name. What is said again and again,
// such as that a bind is tried, is printed once and counted.
type teller struct {
	out   io.Writer
	began time.Time
	last  line
	again int   // how often last was to be printed once more
	err   error // of out

	mu       sync.Mutex
	opened   map[string]int // guarded by mu: how often, by the socket's name
	failed   map[string]int // guarded by mu
	restarts int            // guarded by mu
}

// line is one to print beside the events.
type line struct{ who, what string }

func (t *teller) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case actor.SystemMessage, actor.AutoReceiveMessage, *actor.Touch:
	case line:
		t.print(m)
	case *actor.SupervisorEvent:
		if m.Directive == actor.RestartDirective {
			t.count(func() { t.restarts++ })
		}
		t.print(line{name(m.Child), "its supervisor: " + strings.ToLower(strings.TrimSuffix(m.Directive.String(), "Directive"))})
	case fmt.Stringer: // what Config.Events gets
		t.event(name(c.Sender()), m)
	}
}

func (t *teller) event(who string, e fmt.Stringer) {
	what := e.String()
	switch e := e.(type) {
	case *socket.Opened:
		t.count(func() { t.opened[who]++ })
	case *socket.Failed:
		t.count(func() { t.failed[who]++ })
	case *socket.Stopped:
		what = fmt.Sprintf("stopped, %d messages sent, %d received", e.Ledger.Taken, e.Ledger.Received)
	}
	t.print(line{who, what})
}

// name is the last part of a PID's id: that of tree/rep is rep.
func name(pid *actor.PID) string { return path.Base(pid.GetId()) }

func (t *teller) print(l line) {
	if l == t.last {
		t.again++
		return
	}
	if t.again > 0 {
		t.write(line{t.last.who, fmt.Sprintf("… %d times more", t.again)})
	}
	t.last, t.again = l, 0
	t.write(l)
}

func (t *teller) write(l line) {
	if _, err := fmt.Fprintf(t.out, "%7.3f  %-4s  %s\n", time.Since(t.began).Seconds(), l.who, l.what); err != nil && t.err == nil {
		t.err = err
	}
}

func (t *teller) count(change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
}

// seen says how often a socket was opened and has failed, and how many were restarted altogether.
func (t *teller) seen(who string) (opened, failed, restarts int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.opened[who], t.failed[who], t.restarts
}
