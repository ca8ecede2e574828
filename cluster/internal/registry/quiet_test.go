package registry

import (
	"context"
	"log/slog"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3rpc"

	"github.com/sockeye-mq/sockeye/cluster/embedded"
	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// reached waits until a topic is of rev, though nothing has changed in it.
func reached(t *testing.T, r *Registry, prefix string, rev int64) {
	t.Helper()
	rig.Until(t, "the topic is of a revision that etcd has told since", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.topics[prefix].rev >= rev
	})
}

// Names of which nothing was heard since the last compaction are watched again from where they are, and not read. Not in parallel: it
// sets the environment.
func TestQuiet(t *testing.T) {
	t.Setenv("ETCD_EXPERIMENTAL_WATCH_PROGRESS_NOTIFY_INTERVAL", "300ms")
	e := etcdtest.System(t)
	logs := newLogs()
	a, b := member(t, e, "a"), member(t, e, "b", func(c *Config) { c.Logger = slog.New(logs) })
	a.Advertise("orders", at(1))
	seen := follow_(t, b, "orders")
	seen.until(is(at(1).Address))
	for range 10 {
		must(t, put(t, a, "x"))
	}
	got, err := a.client.Put(soon(t), "x", "")
	must(t, err)
	rev := got.Header.Revision
	for _, prefix := range []string{b.records("orders"), b.prefix + "base", b.member()} {
		reached(t, b, prefix, rev)
	}
	_, err = a.client.Compact(soon(t), rev, clientv3.WithCompactPhysical())
	must(t, err)
	e.Kill()
	e.Start()
	a.Advertise("orders", at(2))
	seen.until(is(at(1).Address + " " + at(2).Address))
	if n := logs.of("etcd ends a watch"); n != 0 {
		t.Errorf("%d watches had to be read again", n)
	}
}

// The same of the embedded server, as far as the revision goes. Not in parallel: etcd has one interval for the process.
func TestQuietEmbedded(t *testing.T) {
	s, err := embedded.Start(context.Background(), embedded.Config{Dir: t.TempDir(), UnsafeNoFsync: true})
	must(t, err)
	defer s.Close()
	client := etcdtest.Client(t, s.Endpoints()...)
	_, err = client.Get(soon(t), "x") // it sets the interval itself before it serves
	must(t, err)
	before := v3rpc.GetProgressReportInterval()
	defer v3rpc.SetProgressReportInterval(before)
	v3rpc.SetProgressReportInterval(300 * time.Millisecond)
	a := joined(t, Config{Client: client, Cluster: "shop", Member: "a"})
	follow_(t, a, "orders").until(is(""))
	got, err := client.Put(soon(t), "x", "")
	must(t, err)
	reached(t, a, a.records("orders"), got.Header.Revision)
	must(t, a.Leave(soon(t)))
}
