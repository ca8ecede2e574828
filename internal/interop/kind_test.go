package interop

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/peer"
)

// A kind is an implementation of ZeroMQ that the other side runs on.
type kind struct {
	name    string
	dump    syscall.Signal // makes it say where it is before it ends
	command func(t testing.TB) []string
}

var (
	pyzmq = &kind{"pyzmq", syscall.SIGTERM, func(t testing.TB) []string {
		return []string{peer.Python(t, "zmq"), "-B", "testdata/peer.py"}
	}}
	zeromqJS = &kind{"zeromq.js", syscall.SIGTERM, func(t testing.TB) []string {
		return installed(t, "zeromq.js", node)
	}}
	goZeromq = &kind{"go-zeromq", syscall.SIGQUIT, func(t testing.TB) []string {
		return installed(t, "go-zeromq", gopeer)
	}}
	kinds = []*kind{pyzmq, zeromqJS, goZeromq}
)

// installed is a command that works here, or the end of the test.
func installed(t testing.TB, name string, find func() ([]string, error)) []string {
	t.Helper()
	command, err := find()
	if err != nil {
		peer.Missing(t, false, fmt.Sprintf("no %s, which make test installs: %v", name, err))
	}
	return command
}

// node is the peer on zeromq.js; scripts/setup.sh puts that beside it.
var node = sync.OnceValues(func() ([]string, error) {
	command := []string{"node", "testdata/node/peer.js"}
	return command, try(command[0], command[1], "version")
})

// gopeer is the peer on go-zeromq, built here: a module of its own, which no go.work may join with
// others.
var gopeer = sync.OnceValues(func() ([]string, error) {
	err := try("env", "GOWORK=off", "go", "-C", "gopeer", "build", "-o", "bin/", ".")
	return []string{"gopeer/bin/gopeer"}, err
})

// try runs a command; what it wrote is the error.
func try(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// Each kind says what it is made of.
func TestVersions(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			command := append(k.command(t), "version")
			version := peer.Start(t, command[0], command[1:]...).Line()
			if !strings.HasPrefix(version, k.name) {
				t.Errorf("%s says that it is %q", k.name, version)
			}
			t.Attr("version", version)
		})
	}
}
