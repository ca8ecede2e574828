package rig

import (
	"fmt"
	"net"
	"os"
	"regexp"
	"runtime"
	"sort"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// Main runs the tests of a package and then looks for what they have left behind: goroutines, file
// descriptors, native sockets and contexts. Use it in TestMain.
func Main(m *testing.M) {
	before := snapshot()
	code := m.Run()
	if left := before.left(); code == 0 && left != "" {
		fmt.Fprintln(os.Stderr, "left behind by the tests of this package:\n"+left)
		code = 1
	}
	os.Exit(code)
}

// Leaks makes t fail when it leaves something behind that was not there now. Call it first: what is
// cleaned up later counts as left. Not for tests that run in parallel.
func Leaks(t testing.TB) {
	before := snapshot()
	t.Cleanup(func() {
		if left := before.left(); left != "" && !t.Failed() {
			t.Errorf("left behind:\n%s", left)
		}
	})
}

// inventory is what a process has.
type inventory struct {
	goroutines map[string]string // stacks by number
	things     map[string]int    // descriptors, ZeroMQ threads and large messages by kind
}

func snapshot() inventory {
	warmUp()
	return inventory{goroutines(), things()}
}

// warmUp makes the runtime open the descriptors of its network poller.
func warmUp() {
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		l.Close()
	}
}

// left waits until nothing is there that was not there before, and says what still is.
func (before inventory) left() (what string) {
	eventually(func() bool {
		what = before.missing(inventory{goroutines(), things()})
		return what == ""
	})
	return what
}

func (before inventory) missing(now inventory) string {
	var left []string
	for kind, n := range now.things {
		if more := n - before.things[kind]; more > 0 {
			left = append(left, fmt.Sprintf("%d × %s", more, kind))
		}
	}
	for id, stack := range now.goroutines {
		if before.goroutines[id] == "" {
			left = append(left, stack)
		}
	}
	sort.Strings(left)
	return strings.Join(left, "\n")
}

var (
	ours   = regexp.MustCompile(`sockeye-mq/sockeye|asynkron/protoactor-go|pebbe/zmq4`)
	header = regexp.MustCompile(`^goroutine (\d+) `)
)

// goroutines are those that run code of this module, or of what it stands on, without the one that
// asks and those that run tests.
func goroutines() map[string]string {
	buf, n := []byte(nil), 0
	for n == len(buf) {
		buf = make([]byte, max(1<<20, 2*len(buf)))
		n = runtime.Stack(buf, true)
	}
	found := map[string]string{}
	for stack := range strings.SplitSeq(string(buf[:n]), "\n\n") {
		id := header.FindStringSubmatch(stack)
		if id != nil && ours.MatchString(stack) && !strings.Contains(stack, "testing.(*T).Run") &&
			!strings.Contains(stack, "testing.tRunner(") && !strings.Contains(stack, "rig.goroutines(") {
			found[id[1]] = stack
		}
	}
	return found
}

var number = regexp.MustCompile(`\d+`)

// things are large messages that ZeroMQ and the library have borrowed or lent, the open descriptors
// by kind, and ZeroMQ's threads, of which every context has some. A native socket has an eventfd.
// Of descriptors and threads only Linux says.
func things() map[string]int {
	sending, received := zmqthread.Borrowed()
	count := map[string]int{"large frame that libzmq sends": sending, "large message that nobody has freed": received}
	fds, _ := os.ReadDir("/proc/self/fd")
	for _, fd := range fds {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil {
			count["descriptor of "+number.ReplaceAllString(to, "…")]++
		}
	}
	tasks, _ := os.ReadDir("/proc/self/task")
	for _, task := range tasks {
		name, _ := os.ReadFile("/proc/self/task/" + task.Name() + "/comm")
		if strings.HasPrefix(string(name), "ZMQbg") {
			count["thread "+strings.TrimSpace(string(name))]++
		}
	}
	return count
}
