package etcdtest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/cluster/embedded"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// serve has a test binary be an embedded server: its folder, its name, its client URL, and its peers.
const serve = "SOCKEYE_TEST_ETCD"

// Main is for the TestMain of a package that uses Embedded, Each or Group, whose servers are its test binary, too:
// in their processes it does not return.
func Main() {
	if how := os.Getenv(serve); how != "" {
		be(strings.Split(how, "\n"))
	}
}

// be serves until the process is ended.
func be(how []string) {
	cfg := embedded.Config{Dir: how[0], Name: how[1], ClientURL: how[2], UnsafeNoFsync: true,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))}
	for _, p := range how[3:] {
		if cfg.Peers == nil {
			cfg.Peers = map[string]string{}
		}
		name, url, _ := strings.Cut(p, "=")
		cfg.Peers[name] = url
	}
	s, err := embedded.Start(context.Background(), cfg)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	<-s.Done()
	os.Exit(2)
}

// Embedded starts an embedded server in a process of its own, which is the test binary: call Main in TestMain.
func Embedded(t testing.TB) *Etcd {
	t.Helper()
	e := member(t, "test", nil)
	e.Start()
	return e
}

func member(t testing.TB, name string, peers map[string]string) *Etcd {
	e := &Etcd{t: begin(t), address: Address(), dir: filepath.Join(t.TempDir(), "embedded")}
	how := []string{e.dir, name, "http://" + e.address}
	for name, url := range peers {
		how = append(how, name+"="+url)
	}
	e.start = func() *peer.Process {
		return peer.StartEnv(e.t, []string{serve + "=" + strings.Join(how, "\n")}, os.Args[0])
	}
	return e
}

// Group starts three embedded servers that are one Raft group.
func Group(t testing.TB) []*Etcd {
	t.Helper()
	peers := map[string]string{}
	for _, name := range []string{"a", "b", "c"} {
		peers[name] = "http://" + Address()
	}
	var all []*Etcd
	for _, name := range []string{"a", "b", "c"} {
		e := member(t, name, peers)
		e.process = e.start()
		all = append(all, e)
	}
	for _, e := range all {
		rig.Until(t, "the group serves", e.serves)
	}
	return all
}
