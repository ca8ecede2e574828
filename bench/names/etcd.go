package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/sockeye-mq/sockeye/cluster/embedded"
)

// serve has this program be an embedded server: its folder and its client URL.
const serve = "SOCKEYE_BENCH_ETCD"

// serveIfAsked does not return in a process that was started to be a server.
func serveIfAsked() {
	dir, url, ok := strings.Cut(os.Getenv(serve), "\n")
	if !ok {
		return
	}
	s, err := embedded.Start(context.Background(), embedded.Config{Dir: dir, ClientURL: url})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	<-s.Done()
	os.Exit(2)
}

// etcd is a server in a process of its own, on loopback, with its data in a temporary folder. It waits for its
// disk, as one that is relied upon does.
type etcd struct {
	address string
	dir     string
	command func() *exec.Cmd
	process *exec.Cmd // nil while it is down
	log     bytes.Buffer
	version string
}

// startEtcd starts a server and waits until it serves.
func startEtcd(ctx context.Context, embedded bool) (*etcd, error) {
	dir, err := os.MkdirTemp("", "sockeye-names-")
	if err != nil {
		return nil, err
	}
	e := &etcd{dir: dir, address: free()}
	data := filepath.Join(dir, "data")
	program, err := exec.LookPath("etcd")
	switch {
	case embedded:
		var self string
		if self, err = os.Executable(); err == nil {
			e.command = func() *exec.Cmd {
				c := exec.Command(self)
				c.Env = append(os.Environ(), serve+"="+data+"\nhttp://"+e.address)
				return c
			}
		}
	case err == nil:
		peers := free()
		e.command = func() *exec.Cmd {
			return exec.Command(program, "--name=names", "--data-dir="+data, "--logger=zap", "--log-level=error",
				"--listen-client-urls=http://"+e.address, "--advertise-client-urls=http://"+e.address,
				"--listen-peer-urls=http://"+peers, "--initial-advertise-peer-urls=http://"+peers,
				"--initial-cluster=names=http://"+peers, "--heartbeat-interval=50", "--election-timeout=500", "--quota-backend-bytes=2147483648",
				"--auto-compaction-mode=periodic", "--auto-compaction-retention=5m")
		}
	}
	if err == nil {
		err = e.start(ctx)
	}
	if err != nil {
		e.remove()
		return nil, fmt.Errorf("start etcd: %w", err)
	}
	return e, nil
}

// free is an address on loopback that nobody listens on.
func free() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:0"
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts the process and waits until it serves.
func (e *etcd) start(ctx context.Context) error {
	c := e.command()
	c.Stderr = &e.log
	if err := c.Start(); err != nil {
		return err
	}
	e.process = c
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{e.address}, Logger: zap.NewNop()})
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		try, cancel := context.WithTimeout(ctx, time.Second)
		got, err := client.Status(try, e.address)
		if err == nil {
			_, err = client.Get(try, "health") // a leader has answered
		}
		cancel()
		if err == nil {
			e.version = got.Version
			return nil
		}
		client.ActiveConnection().ResetConnectBackoff()
		if !sleep(ctx, 20*time.Millisecond) {
			return fmt.Errorf("it does not serve: %w", err)
		}
	}
}

// kill ends the process as kill -9 does, and waits until it is gone.
func (e *etcd) kill() error {
	if e.process == nil {
		return nil
	}
	err := e.process.Process.Kill()
	e.process.Wait() // says that it was killed
	e.process = nil
	return err
}

// remove ends the process, if it runs, and removes its data.
func (e *etcd) remove() error { return errors.Join(e.kill(), os.RemoveAll(e.dir)) }

// sleep waits for d, and says whether ctx has not ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
