package rig

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// Transports are those of every test that runs over all of them.
var Transports = []string{"inproc", "ipc", "tcp"}

var names atomic.Int64

// Endpoint returns something to bind to over transport, whose real name the socket then knows.
func (r *Rig) Endpoint(transport string) string {
	switch transport {
	case "inproc":
		return fmt.Sprintf("inproc://rig-%d", names.Add(1))
	case "ipc":
		return "ipc://" + filepath.Join(r.Dir(), fmt.Sprintf("%d.sock", names.Add(1)))
	case "tcp":
		return "tcp://127.0.0.1:*"
	}
	r.T.Fatalf("transport %q", transport)
	return ""
}

// Dir returns a directory whose name leaves room for the 107 bytes of a Unix domain socket's path,
// which that of T.TempDir, named after the test, does not always do.
func (r *Rig) Dir() string {
	dir, err := os.MkdirTemp("", "rig")
	if err != nil {
		r.T.Fatal(err)
	}
	r.T.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			r.T.Error(err)
		}
	})
	return dir
}

// Until waits until ok returns true. It is for what nothing tells of.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	if !eventually(ok) {
		t.Fatalf("waited %v in vain until %s", Patience, what)
	}
}

func eventually(ok func() bool) bool {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(Patience); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			return ok()
		}
	}
	return true
}
