// Close closes sockets in the worst moment, a process for each, and counts the processes that libzmq
// aborts: large multipart messages in flight, and the peer gone at the same time. See docs/failure.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"text/tabwriter"
)

// A way is how the sender is closed.
type way struct {
	name string
	do   func(transport string) error
}

var ways = []way{
	{"zmq_close, linger 0", plain(0, false)},
	{"zmq_close, linger 100 ms", plain(100, false)},
	{"zmq_unbind, then zmq_close, linger 0", plain(0, true)},
	{"the library, bound, NoLinger", ours(0, false)},
	{"the library, bound, linger 20 ms", ours(20, false)},
	{"the library, connected, NoLinger", ours(0, true)},
	{"the library, connected, linger 20 ms", ours(20, true)},
}

func main() {
	trials := flag.Int("trials", 200, "processes of each kind")
	one := flag.Int("one", -1, "close one socket in this way, in this process")
	transport := flag.String("transport", "tcp", "tcp or ipc, with -one")
	flag.Parse()
	if *one >= 0 {
		if err := ways[*one].do(*transport); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if err := run(*trials); err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		os.Exit(1)
	}
}

// run lets the ways take turns, so that what else the machine does hits all of them.
func run(trials int) error {
	type kind struct {
		way       int
		transport string
	}
	aborts, asserts := map[kind]int{}, map[string]int{}
	for range trials {
		for w := range ways {
			for _, transport := range []string{"tcp", "ipc"} {
				said, err := attempt(w, transport)
				if err != nil {
					return err
				}
				if said != "" {
					aborts[kind{w, transport}]++
					asserts[said]++
				}
			}
		}
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "aborts of %d\ttcp\tipc\n", trials)
	ok := true
	for w := range ways {
		tcp, ipc := aborts[kind{w, "tcp"}], aborts[kind{w, "ipc"}]
		fmt.Fprintf(table, "%s\t%d\t%d\n", ways[w].name, tcp, ipc)
		ok = ok && (!strings.HasPrefix(ways[w].name, "the library") || tcp+ipc == 0)
	}
	table.Flush()
	for what, n := range asserts {
		fmt.Printf("%d × %s\n", n, what)
	}
	if !ok {
		return errors.New("the library's close has aborted")
	}
	return nil
}

// attempt closes one socket in a process of its own and returns what libzmq said when it aborted.
func attempt(way int, transport string) (said string, err error) {
	child := exec.Command(os.Args[0], "-one", fmt.Sprint(way), "-transport", transport)
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGABRT ||
			strings.Contains(string(out), "SIGABRT") {
			line, _, _ := strings.Cut(string(out), "\n")
			return line, nil
		}
		return "", fmt.Errorf("%s over %s: %w\n%s", ways[way].name, transport, err, out)
	}
	return "", err
}
