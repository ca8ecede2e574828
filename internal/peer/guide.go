package peer

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Programs are other people's: the examples of ZeroMQ's Guide in Go, of github.com/pebbe/zmq4, which somebody
// has built.
type Programs struct {
	t   testing.TB
	dir string
}

// Guide is the programs in the folder that GUIDE names; without it the test is skipped. They have fixed
// ports, so no other test, of whichever package, has them until this one is over.
func Guide(t testing.TB) *Programs {
	t.Helper()
	dir := os.Getenv("GUIDE")
	if dir == "" {
		t.Skip("GUIDE is not set: make guide GUIDE=dir")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	return &Programs{t, dir}
}

// Start starts one of them.
func (p *Programs) Start(name string, args ...string) *Process {
	p.t.Helper()
	return Start(p.t, filepath.Join(p.dir, name), args...)
}

// StartIn starts one of them in a folder, where it may leave something.
func (p *Programs) StartIn(folder, name string) *Process {
	p.t.Helper()
	return Start(p.t, "/bin/sh", "-c", `cd "$1" && exec "$2"`, "sh", folder, filepath.Join(p.dir, name))
}
