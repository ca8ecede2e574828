package peer_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

func TestTalk(t *testing.T) {
	p := peer.Start(t, "/bin/sh", "-c", `echo ready; while read x; do echo noise; echo "got $x"; done; exit 3`)
	p.Await("ready")
	p.Tell("hello")
	if got := p.Await("got "); got != "hello" {
		t.Errorf("got %q", got)
	}
	p.CloseInput()
	if err, ok := p.Wait().(*exec.ExitError); !ok || err.ExitCode() != 3 {
		t.Errorf("it ended with %v", err)
	}
}

func TestKill(t *testing.T) {
	p := peer.StartEnv(t, []string{"WHAT=child"}, "/bin/sh", "-c", `sh -c 'echo $WHAT $$; exec sleep 60' & wait`)
	child, err := strconv.Atoi(p.Await("child "))
	if err != nil {
		t.Fatal(err)
	}
	p.Signal(syscall.SIGSTOP)
	p.Kill()
	rig.Until(t, "its child is gone, too", func() bool { return syscall.Kill(child, 0) != nil || zombie(child) })
}

// A process does not outlive a test that was killed, and cleaned nothing up.
func TestOutlived(t *testing.T) {
	if os.Getenv("SOCKEYE_OUTLIVED") != "" {
		p := peer.Start(t, "/bin/sh", "-c", "echo $$; exec sleep 60")
		fmt.Println("child " + p.Line())
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	if runtime.GOOS != "linux" {
		t.Skip("no PR_SET_PDEATHSIG")
	}
	parent := peer.StartEnv(t, []string{"SOCKEYE_OUTLIVED=1"}, os.Args[0], "-test.run", "TestOutlived$")
	child, err := strconv.Atoi(parent.Await("child "))
	if err != nil {
		t.Fatal(err)
	}
	parent.Wait()
	rig.Until(t, "the child is gone", func() bool { return syscall.Kill(child, 0) != nil || zombie(child) })
}

func zombie(pid int) bool {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return strings.Contains(string(stat), ") Z ")
}

func TestPython(t *testing.T) {
	p := peer.Start(t, peer.Python(t, "zmq"), "-c", "import zmq; print(zmq.zmq_version())")
	if v := p.Line(); !strings.HasPrefix(v, "4.") {
		t.Errorf("libzmq %s", v)
	}
}
