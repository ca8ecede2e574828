package chaos

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

var held = flag.Duration("held", 3*time.Second, "how long another process holds the port")

// A port is held by another process for a while. The socket fails, and fails again, and is there by
// itself when the port is free: after one more step of its backoff at most.
func TestPortHeldByAnotherProcess(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	events := r.Collector()
	at, release := holdPort(t)
	restart := &supervision.Backoff{Min: 20 * time.Millisecond, Max: 200 * time.Millisecond}
	rep := r.SpawnSupervised(restart, socket.Config{Type: socket.Rep, Bind: []string{at}, Deliver: socket.To(r.Echo()), Events: events.PID})
	req := r.Spawn(socket.Config{Type: socket.Req, Connect: []string{at}, Options: socket.Options{ReconnectInterval: 10 * time.Millisecond}})
	after, n, over := time.Time{}, 0, time.After(*held)
	for open := false; !open; {
		select {
		case mail := <-events.Mail():
			switch e := mail.Message.(type) {
			case *socket.Failed:
				if n++; !errors.Is(e.Err, syscall.EADDRINUSE) || e.Class != zmqthread.Transient {
					t.Error(e)
				}
				if !after.IsZero() && time.Since(after) > 10*restart.Max {
					t.Fatal("still failing", time.Since(after), "after the port was free")
				}
			case *socket.Opened:
				open = true
			}
		case <-over:
			release()
			after = time.Now()
		}
	}
	if after.IsZero() || n == 0 {
		t.Fatalf("open while the port was held, after %d failures", n)
	}
	if reply := r.Ask(req, messages.Text("hello")); reply.Text() != "hello" {
		t.Error(reply)
	}
	t.Logf("%d failures in %v; first reply %v after the release, a step is %v at most", n, *held, time.Since(after), restart.Max)
	r.At(rep)
}

// holdPort has another process listen on a port of its choice.
func holdPort(t *testing.T) (endpoint string, release func()) {
	child := exec.Command(os.Args[0], "-test.run=^TestPortHolder$")
	child.Env = append(os.Environ(), "SOCKEYE_HOLD=1")
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	done := false
	release = func() {
		if !done {
			done = true
			in.Close()
			child.Wait()
		}
	}
	t.Cleanup(release)
	return "tcp://" + line[:len(line)-1], release
}

func TestPortHolder(t *testing.T) {
	if os.Getenv("SOCKEYE_HOLD") == "" {
		t.Skip("part of TestPortHeldByAnotherProcess")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(l.Addr())
	io.Copy(io.Discard, os.Stdin)
}
