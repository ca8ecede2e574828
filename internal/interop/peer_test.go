package interop

import (
	"encoding/json"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/peer"
)

// A job is what a peer is started for: one of its roles, and what that wants to know.
type job struct {
	Role       string         `json:"role"`
	Types      []string       `json:"types"`
	Options    map[string]int `json:"options,omitempty"`
	Identities []string       `json:"identities,omitempty"` // one for each socket, in Latin-1
	Security   *security      `json:"security,omitempty"`
	Bind       []string       `json:"bind,omitempty"`    // a socket for each; or
	Connect    []string       `json:"connect,omitempty"` // a socket for each
	Stream     stream         `json:"stream"`

	Enveloped bool     `json:"enveloped,omitempty"` // client, server
	Window    int      `json:"window,omitempty"`    // client
	Hops      []string `json:"hops,omitempty"`      // client
	Lanes     int      `json:"lanes"`               // server
	Reverse   bool     `json:"reverse,omitempty"`   // server
	Stale     bool     `json:"stale,omitempty"`     // server
	Back      string   `json:"back,omitempty"`      // duplex
	Ups       int      `json:"ups,omitempty"`       // xpublisher
	Topics    []string `json:"topics,omitempty"`    // subscriber, canceller
}

// An event is a line that a peer prints.
type event struct {
	At             []string
	Up             string
	Sent, Received total
	Shares         []total
	Envelopes      [][]int
	Unsupported    string
}

// patience is how long a peer may take over a line: longer than any test, shorter than its own limit.
const patience = 45 * time.Second

// process is a running peer.
type process struct {
	*peer.Process
	t      testing.TB
	killed bool
}

// Kill ends it as kill -9 does.
func (p *process) Kill() {
	p.killed = true
	p.Process.Kill()
}

// run starts a peer of kind k. It ends when the test does, and at the latest after a minute.
func (k *kind) run(t testing.TB, j job) *process {
	t.Helper()
	arg, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	return k.start(t, append(k.command(t), string(arg))...)
}

// start starts a command of kind k, which must end well when its stdin does.
func (k *kind) start(t testing.TB, command ...string) *process {
	t.Helper()
	p := &process{Process: peer.Start(t, command[0], command[1:]...), t: t}
	t.Cleanup(func() {
		p.CloseInput()
		if t.Failed() {
			syscall.Kill(p.Pid(), k.dump) // it may have ended by itself
		}
		if err := p.Wait(); err != nil && !p.killed {
			t.Errorf("%s: %v", k.name, err)
		}
	})
	return p
}

// line waits for the peer's next line and decodes it.
func (p *process) line(v any) {
	p.t.Helper()
	select {
	case line, ok := <-p.Lines():
		if !ok {
			p.t.Fatalf("the peer has ended: %v", p.Wait())
		}
		if err := json.Unmarshal([]byte(line), v); err != nil {
			p.t.Fatalf("%s: %v", line, err)
		}
	case <-time.After(patience):
		p.t.Fatal("the peer says nothing")
	}
}

// next waits for the peer's next word. One that has no words for what is tested ends the test.
func (p *process) next() (e event) {
	p.t.Helper()
	p.line(&e)
	if e.Unsupported != "" {
		unsupported(p.t, e.Unsupported)
	}
	return e
}
