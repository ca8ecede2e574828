package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// python is the interpreter of this run.
var python = sync.OnceValues(func() (string, error) { return choose(os.Getenv, importsZmq) })

// A missing python is no reason to fail everywhere.
type missing struct {
	tried []string
	fatal bool
}

func (m *missing) Error() string {
	return fmt.Sprintf("none of %q can import zmq: install the package python3-zmq (make test does)", m.tried)
}

// choose returns the first Python that imports zmq, or *missing.
func choose(env func(string) string, imports func(python string) bool) (string, error) {
	tried := []string{"/usr/bin/python3", "python3"}
	own := env("SOCKEYE_PYTHON")
	if own != "" {
		tried = []string{own}
	}
	for _, p := range tried {
		if imports(p) {
			return p, nil
		}
	}
	return "", &missing{tried, own != "" || env("CI") == "true"}
}

func importsZmq(python string) bool { return exec.Command(python, "-c", "import zmq").Run() == nil }

func TestChoose(t *testing.T) {
	for name, c := range map[string]struct {
		own, ci, works string
		want           string
		fatal          bool
	}{
		"system's":           {works: "/usr/bin/python3", want: "/usr/bin/python3"},
		"first on PATH":      {works: "python3", want: "python3"},
		"named":              {own: "/opt/py", works: "/opt/py", want: "/opt/py"},
		"named but useless":  {own: "/opt/py", works: "python3", fatal: true},
		"none":               {},
		"none in CI":         {ci: "true", fatal: true},
		"CI that is not one": {ci: "false"},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{"SOCKEYE_PYTHON": c.own, "CI": c.ci}
			got, err := choose(func(k string) string { return env[k] }, func(p string) bool { return p == c.works })
			if got != c.want || (err == nil) != (c.want != "") {
				t.Fatalf("%q, %v", got, err)
			}
			if m, ok := err.(*missing); ok && m.fatal != c.fatal {
				t.Errorf("fatal is %v", m.fatal)
			}
		})
	}
}

// A job is what testdata/peer.py is started for: one of its functions, and what that wants to know.
type job struct {
	Role       string         `json:"role"`
	Types      []string       `json:"types"`
	Options    map[string]int `json:"options,omitempty"`
	Identities []string       `json:"identities,omitempty"` // one for each socket, in Latin-1
	Bind       []string       `json:"bind,omitempty"`       // a socket for each; or
	Connect    []string       `json:"connect,omitempty"`    // a socket for each
	Stream     stream         `json:"stream"`

	Enveloped bool     `json:"enveloped,omitempty"` // client, server
	Window    int      `json:"window,omitempty"`    // client
	Hops      []string `json:"hops,omitempty"`      // client
	Lanes     int      `json:"lanes"`               // server
	Reverse   bool     `json:"reverse,omitempty"`   // server
	Stale     bool     `json:"stale,omitempty"`     // server
	Back      string   `json:"back,omitempty"`      // duplex
	Ups       int      `json:"ups,omitempty"`       // xpublisher
	Topics    []string `json:"topics,omitempty"`    // subscriber
}

// An event is a line that peer.py prints.
type event struct {
	At             []string
	Up             string
	Sent, Received total
	Shares         []total
	Envelopes      [][]int
}

// patience is how long a peer may take: longer than any test, shorter than its own limit.
const patience = 45 * time.Second

// peer is a running peer.py.
type peer struct {
	t   testing.TB
	in  io.WriteCloser
	out *bufio.Scanner
}

// run starts a peer. It ends when the test does, and at the latest after a minute.
func run(t testing.TB, j job) *peer {
	t.Helper()
	arg, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	in, out := start(t, j.Role, "-B", "testdata/peer.py", string(arg))
	return &peer{t, in, out}
}

// start starts Python with these arguments; what is its name in errors.
func start(t testing.TB, what string, args ...string) (io.WriteCloser, *bufio.Scanner) {
	t.Helper()
	python, err := python()
	if m, ok := err.(*missing); ok && !m.fatal {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	cmd := exec.CommandContext(ctx, python, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it says where it was; then
	cmd.WaitDelay = 5 * time.Second                                          // it is killed
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer cancel()
		in.Close()
		if t.Failed() {
			cancel()
		}
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("%s %s: %v\n%s", python, what, err, &stderr)
		}
	})
	return in, bufio.NewScanner(out)
}

// next waits for the peer's next word.
func (p *peer) next() (e event) {
	p.t.Helper()
	if !p.out.Scan() {
		p.t.Fatal("the Python peer has ended: ", p.out.Err())
	}
	if err := json.Unmarshal(p.out.Bytes(), &e); err != nil {
		p.t.Fatalf("%s: %v", p.out.Bytes(), err)
	}
	return e
}

// tell lets the peer go on.
func (p *peer) tell() {
	p.t.Helper()
	if _, err := io.WriteString(p.in, "\n"); err != nil {
		p.t.Fatal(err)
	}
}
