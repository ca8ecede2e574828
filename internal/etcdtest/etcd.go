// Package etcdtest runs etcd in processes of its own, for tests: the system's etcd, and the one that is embedded.
// A process ends with the test that started it; its data lies in the test's temporary folder.
package etcdtest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// Etcd is a server of its own, which can be ended and started again at the same address with the same data.
type Etcd struct {
	t       *first
	start   func() *peer.Process
	process *peer.Process // nil while it is down
	address string
	dir     string
}

// first is a test of which what is cleaned up later was begun later, but for the processes of one server: a client of
// it is closed before the server ends, be that one which was started again.
type first struct {
	testing.TB
	late []func()
}

func begin(t testing.TB) *first {
	f := &first{TB: t}
	t.Cleanup(func() {
		for _, done := range f.late {
			done()
		}
	})
	return f
}

// Cleanup has done called when everything that was begun after the server is gone.
func (f *first) Cleanup(done func()) { f.late = append(f.late, done) }

// kinds are the servers that a test can have, by name.
var kinds = []struct {
	name string
	new  func(testing.TB) *Etcd
}{{"etcd", System}, {"embedded", Embedded}}

// Each runs a test with the system's etcd and with the embedded one, each with a server that is its own, in parallel
// with everything else that is.
func Each(t *testing.T, test func(*testing.T, *Etcd)) {
	t.Helper()
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			test(t, kind.new(t))
		})
	}
}

// System starts the etcd on PATH. Where there is none the test fails if CI is "true", and is skipped elsewhere.
func System(t testing.TB) *Etcd {
	t.Helper()
	program, err := exec.LookPath("etcd")
	if err != nil {
		peer.Missing(t, false, "there is no etcd on PATH: make test installs it")
	}
	client, peers := Address(), Address()
	e := &Etcd{t: begin(t), address: client, dir: filepath.Join(t.TempDir(), "etcd")}
	e.start = func() *peer.Process {
		return peer.Start(e.t, program, "--name=test", "--data-dir="+e.dir, "--logger=zap", "--log-level=error",
			"--listen-client-urls=http://"+client, "--advertise-client-urls=http://"+client,
			"--listen-peer-urls=http://"+peers, "--initial-advertise-peer-urls=http://"+peers,
			"--initial-cluster=test=http://"+peers, "--heartbeat-interval=50", "--election-timeout=500",
			"--unsafe-no-fsync")
	}
	e.Start()
	return e
}

// Start starts a server that is down, and returns when it serves.
func (e *Etcd) Start() {
	e.t.Helper()
	e.process = e.start()
	rig.Until(e.t, "etcd serves", e.serves)
}

func (e *Etcd) serves() bool {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + e.address + "/health")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return strings.Contains(string(body), `"health":"true"`)
}

// Kill ends it at once, as kill -9 does.
func (e *Etcd) Kill() {
	e.process.Kill()
	e.process = nil
}

// Pause stops its process where it is: its connections stay, and say nothing.
func (e *Etcd) Pause() { e.process.Signal(syscall.SIGSTOP) }

// Resume has a paused process go on.
func (e *Etcd) Resume() { e.process.Signal(syscall.SIGCONT) }

// Wipe removes the data of a server that is down.
func (e *Etcd) Wipe() {
	e.t.Helper()
	if err := os.RemoveAll(e.dir); err != nil {
		e.t.Fatal(err)
	}
}

// Endpoints are where clients reach it.
func (e *Etcd) Endpoints() []string { return []string{e.address} }

// Client is a client of its own, which is closed when the test is over.
func (e *Etcd) Client(t testing.TB) *clientv3.Client {
	t.Helper()
	return Client(t, e.Endpoints()...)
}

// Client is a client of the servers at these endpoints, which is closed when the test is over.
func Client(t testing.TB, endpoints ...string) *clientv3.Client {
	t.Helper()
	c, err := clientv3.New(clientv3.Config{Endpoints: endpoints, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Dir is where its data lies.
func (e *Etcd) Dir() string { return e.dir }

// Address is one of this machine that is free, and stays so: the IP address is this process's own, where all of 127/8
// is the loopback, and a port is given out once.
func Address() string {
	ip := "127.0.0.1"
	if pid := os.Getpid(); runtime.GOOS == "linux" {
		ip = net.IPv4(127, byte(pid>>14), byte(pid>>6), byte(pid<<2|2)).String()
	}
	for {
		at := fmt.Sprintf("%s:%d", ip, 10000+given.Add(1)%20000)
		if l, err := net.Listen("tcp", at); err == nil {
			l.Close()
			return at
		}
	}
}

var given atomic.Int64 // ports
