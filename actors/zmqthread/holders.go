package zmqthread

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// HeldError says that an address is taken by a socket of this process, and whose that is. To share
// an address, deliver to one more receiver instead of binding it twice.
type HeldError struct {
	Endpoint string // as the holder has it
	Holder   *actor.PID
	Err      error // EADDRINUSE
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%v: %s is bound by socket %s", e.Err, e.Endpoint, e.Holder.GetId())
}

func (e *HeldError) Unwrap() error { return e.Err }

// holders knows who is bound where, in this process; inproc names count for each context alone.
var holders = struct {
	sync.Mutex
	at       map[address]*actor.PID // guarded by Mutex
	released map[address]time.Time  // guarded by Mutex: within the last second
}{at: map[address]*actor.PID{}, released: map[address]time.Time{}}

type address struct {
	context  *sharedContext // nil but for inproc
	endpoint string         // resolved
}

func (l *Link) address(endpoint string) address {
	if strings.HasPrefix(endpoint, "inproc://") {
		return address{l.thread.context, endpoint}
	}
	if path, ok := strings.CutPrefix(endpoint, "ipc://"); ok && !strings.HasPrefix(path, "@") {
		if whole, err := filepath.Abs(path); err == nil {
			endpoint = "ipc://" + whole
		}
	}
	return address{nil, endpoint}
}

// reserve takes an ipc address before it is bound, or fails if somebody here has it: libzmq's own
// bind would not fail but take the file away from under the holder.
func (l *Link) reserve(endpoint string) (reserved bool, err error) {
	if !strings.HasPrefix(endpoint, "ipc://") || endpoint == "ipc://*" {
		return false, nil
	}
	holders.Lock()
	defer holders.Unlock()
	if _, taken := holders.at[l.address(endpoint)]; taken {
		return false, syscall.EADDRINUSE
	}
	holders.at[l.address(endpoint)] = l.owner
	return true, nil
}

func (l *Link) cede(endpoint string) {
	holders.Lock()
	defer holders.Unlock()
	delete(holders.at, l.address(endpoint))
}

func (l *Link) hold(endpoint string) {
	holders.Lock()
	holders.at[l.address(endpoint)] = l.owner
	delete(holders.released, l.address(endpoint))
	holders.Unlock()
}

func (l *Link) letGo(endpoint string) {
	holders.Lock()
	delete(holders.at, l.address(endpoint))
	now := time.Now()
	for at, when := range holders.released {
		if now.Sub(when) > time.Second {
			delete(holders.released, at)
		}
	}
	holders.released[l.address(endpoint)] = now
	holders.Unlock()
}

// tries is how often a bind is tried whose address is in use: patiently when a socket of this
// process has just let it go, for libzmq's own thread has yet to close it (facts Z2).
func (l *Link) tries(endpoint string) int {
	want := l.address(endpoint)
	holders.Lock()
	defer holders.Unlock()
	for at, when := range holders.released {
		if at.context == want.context && overlap(at.endpoint, want.endpoint) && time.Since(when) < time.Second {
			return patientTries
		}
	}
	return bindTries
}

// held adds to an error of a bind who holds the address, if it is one of us.
func (l *Link) held(endpoint string, err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	want := l.address(endpoint)
	holders.Lock()
	defer holders.Unlock()
	for at, pid := range holders.at {
		if at.context == want.context && overlap(at.endpoint, want.endpoint) {
			return &HeldError{at.endpoint, pid, err}
		}
	}
	return err
}

// overlap reports whether two endpoints cannot both be bound: they are equal, or share a TCP port
// and one of them is for all interfaces.
func overlap(a, b string) bool {
	if a == b {
		return true
	}
	hostA, portA, okA := tcp(a)
	hostB, portB, okB := tcp(b)
	return okA && okB && portA == portB && (everywhere(hostA) || everywhere(hostB))
}

func tcp(endpoint string) (host, port string, ok bool) {
	rest, ok := strings.CutPrefix(endpoint, "tcp://")
	if !ok {
		return "", "", false
	}
	host, port, err := net.SplitHostPort(rest)
	return host, port, err == nil
}

func everywhere(host string) bool { return host == "*" || host == "0.0.0.0" || host == "::" }
