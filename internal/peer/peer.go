// Package peer runs other people's ZeroMQ in processes of its own, for tests: Python with
// python3-zmq, and any other program. A process ends with the test that started it.
package peer

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

// lifetime is how long a process may run at most.
const lifetime = 2 * time.Minute

// maxLines is how many lines may wait for a test. Then the process waits, in its pipe.
const maxLines = 1 << 12

// python is the interpreter that can import a module, by module.
var python sync.Map

// Python is the interpreter that has these modules: SOCKEYE_PYTHON, or else the first of
// /usr/bin/python3 and python3. Without one the test fails where CI is "true" or SOCKEYE_PYTHON was
// set, and is skipped elsewhere.
func Python(t testing.TB, modules ...string) string {
	t.Helper()
	what := "import " + strings.Join(modules, ", ")
	if found, ok := python.Load(what); ok {
		return found.(string)
	}
	own := os.Getenv("SOCKEYE_PYTHON")
	found, tried := choose(own, func(p string) bool { return exec.Command(p, "-c", what).Run() == nil })
	if found == "" {
		Missing(t, own != "", fmt.Sprintf("none of %q can %s: make test installs it", tried, what))
	}
	python.Store(what, found)
	return found
}

// choose returns the first interpreter that works, or "", and which it has tried. One that somebody has
// named is the only one.
func choose(own string, works func(python string) bool) (found string, tried []string) {
	tried = []string{"/usr/bin/python3", "python3"}
	if own != "" {
		tried = []string{own}
	}
	if i := slices.IndexFunc(tried, works); i >= 0 {
		found = tried[i]
	}
	return found, tried
}

// Missing ends a test that needs what is not here: a failure in CI, or if it was asked for, else a
// skip that says what.
func Missing(t testing.TB, asked bool, what string) {
	t.Helper()
	if asked || os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Process is a running program.
type Process struct {
	t      testing.TB
	name   string
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  chan string // closed when it has closed its stdout
	stderr bytes.Buffer
	ended  chan struct{} // closed when it has ended
	err    error         // how, once that is closed
}

// Start starts a program. When the test is over it is killed, and what it wrote to stderr is
// logged if the test has failed.
func Start(t testing.TB, program string, args ...string) *Process {
	t.Helper()
	return StartEnv(t, nil, program, args...)
}

// StartEnv is Start with more environment variables, "NAME=value" each.
func StartEnv(t testing.TB, env []string, program string, args ...string) *Process {
	t.Helper()
	p := &Process{t: t, name: program, cmd: exec.Command(program, args...),
		lines: make(chan string, maxLines), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = &p.stderr
	p.cmd.SysProcAttr = mortal(&syscall.SysProcAttr{Setpgid: true}) // its children end with it
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan error)
	go p.run(out, started)
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	stop := time.AfterFunc(lifetime, p.kill)
	t.Cleanup(func() {
		stop.Stop()
		p.Kill()
		if t.Failed() {
			t.Logf("%s %s: %v\n%s", program, strings.Join(args, " "), p.err, &p.stderr)
		}
	})
	return p
}

// run starts the process, takes its lines until there are no more, and waits for its end. What has
// Linux kill the process goes by the thread that started it, so that thread has to stay.
func (p *Process) run(out io.Reader, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	if started <- err; err != nil {
		return
	}
	for s := bufio.NewScanner(out); s.Scan(); {
		select {
		case p.lines <- s.Text():
		case <-time.After(lifetime): // nobody reads: the test is over
		}
	}
	close(p.lines)
	p.err = p.cmd.Wait()
	close(p.ended)
}

// Lines are what it writes to stdout, for a select. The channel is closed at its end.
func (p *Process) Lines() <-chan string { return p.lines }

// Line is its next line.
func (p *Process) Line() string {
	p.t.Helper()
	select {
	case line, ok := <-p.lines:
		if !ok {
			<-p.ended
			p.t.Fatalf("%s has ended: %v\n%s", p.name, p.err, &p.stderr)
		}
		return line
	case <-time.After(rig.Patience):
		p.t.Fatalf("%s says nothing", p.name)
		return ""
	}
}

// Await skips lines until one begins with prefix, and returns what follows that.
func (p *Process) Await(prefix string) string {
	p.t.Helper()
	for {
		if rest, ok := strings.CutPrefix(p.Line(), prefix); ok {
			return rest
		}
	}
}

// Tell writes a line to its stdin.
func (p *Process) Tell(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
}

// CloseInput ends its stdin.
func (p *Process) CloseInput() { p.in.Close() }

// Pid is its process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Signal sends it a signal: SIGSTOP, SIGCONT, SIGINT, …
func (p *Process) Signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
}

// Kill ends it and its children at once, as kill -9 does, and returns when it is gone.
func (p *Process) Kill() {
	p.kill()
	for range p.lines { // or it could not end
	}
	<-p.ended
}

func (p *Process) kill() {
	select {
	case <-p.ended:
	default:
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
}

// Wait waits until it ends by itself, and returns how.
func (p *Process) Wait() error {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.err
	case <-time.After(3 * rig.Patience):
		p.t.Fatalf("%s does not end", p.name)
		return nil
	}
}
