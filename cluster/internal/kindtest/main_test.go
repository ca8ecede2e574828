// Package kindtest holds the tests of cluster.Kind with members that are processes: two of Proto.Actor's remotes in
// one process race with each other, by a logger that is global.
package kindtest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

const asMember = "KINDTEST_HUB"

func TestMain(m *testing.M) {
	if hub := os.Getenv(asMember); hub != "" {
		if err := beMember(hub); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	rig.Main(m)
}

// process is a member as the test sees it.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	in   *bufio.Writer
	name string // id@address, once it has started
	at   string

	mu      sync.Mutex
	number  int                    // guarded by mu
	answers map[string]chan string // guarded by mu
	over    chan struct{}          // its output has ended
}

// launch begins a process; its actor system has not joined anything yet.
func launch(t *testing.T, hub string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0]), answers: map[string]chan string{}, over: make(chan struct{})}
	races := filepath.Join(t.TempDir(), "race")
	p.cmd.Env = append(os.Environ(), asMember+"="+hub, "GORACE=exitcode=0 atexit_sleep_ms=10 log_path="+races)
	p.cmd.Stderr = os.Stderr
	in, err1 := p.cmd.StdinPipe()
	out, err2 := p.cmd.StdoutPipe()
	if err1 != nil || err2 != nil || p.cmd.Start() != nil {
		t.Fatal("cannot start a process: ", err1, err2)
	}
	p.in = bufio.NewWriter(in)
	go func() {
		defer close(p.over)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			number, answer, _ := strings.Cut(lines.Text(), " ")
			p.mu.Lock()
			if c := p.answers[number]; c != nil {
				c <- answer
			}
			p.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		in.Close() // it ends with it
		timer := time.AfterFunc(rig.Patience, func() { p.cmd.Process.Kill() })
		<-p.over
		p.cmd.Wait()
		if !timer.Stop() {
			t.Error("a member does not end")
		}
		ourRaces(t, races)
	})
	return p
}

var access = regexp.MustCompile(`(?m)^(?:Previous |)(?:[Rr]ead|[Ww]rite|[Aa]tomic \w+) at .*\n((?:  .*\n)+)`)

// frame is the innermost one that is not the standard library's or a dependency's.
var frame = regexp.MustCompile(`(?m)^  github\.com/(?:sockeye-mq|asynkron)/.*$`)

// ourRaces reports the data races of a member in which code of this module makes one of the accesses. Proto.Actor's cluster has some of its
// own: disthash reads its ring while another goroutine replaces it.
func ourRaces(t *testing.T, log string) {
	files, _ := filepath.Glob(log + ".*")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		}
		for report := range strings.SplitSeq(string(text), "==================") {
			var by []string
			for _, stack := range access.FindAllStringSubmatch(report, -1) {
				// Members are made by the provider, here the test's, and Proto.Actor reads its list of them without its lock.
				if one := frame.FindString(stack[1]); !strings.Contains(one, "(*told).tell") {
					by = append(by, one)
				}
			}
			if who := strings.Join(by, " and "); strings.Contains(who, "sockeye-mq") {
				t.Error(report)
			} else if who != "" {
				t.Log("Proto.Actor races with itself: ", who)
			}
		}
	}
}

// begin sends a command; the answer comes from what it returns.
func (p *process) begin(command ...any) <-chan string {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.number++
	answer := make(chan string, 1)
	p.answers[fmt.Sprint(p.number)] = answer
	fmt.Fprintln(p.in, append([]any{p.number}, command...)...)
	if err := p.in.Flush(); err != nil {
		p.t.Fatal(err)
	}
	return answer
}

func (p *process) do(command ...any) string {
	p.t.Helper()
	return p.await(p.begin(command...), command...)
}

func (p *process) await(answer <-chan string, command ...any) string {
	p.t.Helper()
	select {
	case a := <-answer:
		return a
	case <-p.over:
		p.t.Fatalf("the member has ended before it has answered %v", command)
	case <-time.After(2 * rig.Patience):
		p.t.Fatalf("no answer to %v", command)
	}
	return ""
}

// start makes members of processes, at the same time: it takes a second.
func start(t *testing.T, all ...*process) {
	t.Helper()
	answers := make([]<-chan string, len(all))
	for i, p := range all {
		answers[i] = p.begin("start well 10000")
	}
	for i, p := range all {
		id, at, ok := strings.Cut(p.await(answers[i], "start"), " ")
		if !ok || id == "error:" {
			t.Fatal(id, at)
		}
		p.name, p.at = id+"@"+at, at
	}
}

// members tells one process who is there.
func (p *process) members(all ...*process) {
	p.t.Helper()
	names := []any{"members"}
	for _, one := range all {
		names = append(names, one.name)
	}
	p.do(names...)
}
