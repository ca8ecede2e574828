package cluster_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/cluster"
	"github.com/sockeye-mq/sockeye/cluster/embedded"
	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

func TestConfig(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	good := cluster.Config{Name: "test", Host: "127.0.0.1", Directory: cluster.Etcd([]string{"http://127.0.0.1:1"}), Patience: 300 * time.Millisecond}
	for field, change := range map[string]func(*cluster.Config){
		"Name":      func(c *cluster.Config) { c.Name = "a/b" },
		"Member":    func(c *cluster.Config) { c.Member = "a b" },
		"Host":      func(c *cluster.Config) { c.Host = "0.0.0.0" },
		"Host ":     func(c *cluster.Config) { c.Host = "localhost" },
		"Host  ":    func(c *cluster.Config) { c.Host = "fe80::1%eth0" },
		"Host   ":   func(c *cluster.Config) { c.Host = "" },
		"TTL":       func(c *cluster.Config) { c.TTL = time.Second },
		"TTL ":      func(c *cluster.Config) { c.TTL = 2500 * time.Millisecond },
		"Patience":  func(c *cluster.Config) { c.Patience = -1 },
		"Directory": func(c *cluster.Config) { c.Directory = nil },
	} {
		cfg := good
		change(&cfg)
		_, err := cluster.Join(r.System, r.Thread, cfg)
		var wrong *cluster.ConfigError
		if !errors.As(err, &wrong) || !errors.Is(err, messages.ErrConfig) || wrong.Field != field[:len(wrong.Field)] {
			t.Errorf("%s: %v", field, err)
		}
	}
	asked := time.Now()
	if _, err := cluster.Join(r.System, r.Thread, good); !errors.Is(err, cluster.ErrUnavailable) {
		t.Errorf("join where nobody listens: %v", err)
	}
	if took := time.Since(asked); took > rig.Patience/2 {
		t.Errorf("it took %v", took)
	}
	if _, err := cluster.Join(nil, nil, good); !errors.Is(err, messages.ErrConfig) {
		t.Errorf("nobody joins: %v", err)
	}
}

// A member's name is taken while it lives, and free when it has left.
func TestMember(t *testing.T) {
	e := etcdtest.System(t)
	a := join(t, e, "a")
	r := rig.Start(t, zmqthread.Config{})
	cfg := cluster.Config{Name: "test", Member: "a", Host: "127.0.0.1", TTL: ttl, Directory: cluster.Etcd(e.Endpoints())}
	_, err := cluster.Join(r.System, r.Thread, cfg)
	if taken := new(cluster.MemberTakenError); !errors.As(err, &taken) || taken.Member != "a" {
		t.Errorf("%v", err)
	}
	a.leave()
	again, err := cluster.Join(r.System, r.Thread, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Leave(r.Ctx); err != nil {
		t.Error(err)
	}
	if err := again.Leave(r.Ctx); err != nil {
		t.Errorf("again: %v", err)
	}
}

// What has left binds no names, and neither does an observer; what is bound lives on without its name.
func TestLeft(t *testing.T) {
	e := etcdtest.System(t)
	a, far := join(t, e, "a"), join(t, e, "")
	c := a.Collector()
	pull := a.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"cluster://x"}, Deliver: socket.To(c.PID)})
	push := far.Spawn(socket.Config{Type: socket.Push, Connect: []string{"cluster://x"}})
	far.Peers(push, 1)
	_, err := messages.Call(far.Ctx, far.Root, push, &messages.Bind{Endpoint: "cluster://y"})
	if !errors.Is(err, messages.ErrMalformed) {
		t.Errorf("an observer binds: %v", err)
	}
	a.leave()
	rig.Until(t, "the name is gone", func() bool { at, err := far.Resolve(far.Ctx, "x"); return err == nil && len(at) == 0 })
	far.Put(push, messages.Text("still there"))
	c.Message()
	a.At(pull)
	if _, err := socket.Endpoints(a.Ctx, a.Root, a.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"cluster://y"}})); !errors.Is(err, messages.ErrConfig) {
		t.Errorf("bind after leaving: %v", err)
	}
	keeper := a.Root.Spawn(a.Own("z", socket.Config{Type: socket.Pull, Bind: []string{"cluster://z"}}))
	a.Stop(keeper)
}

// An etcd that begins with Join and ends with Leave.
func TestEmbeddedDirectory(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	cfg := cluster.Config{Name: "test", Member: "a", Host: "127.0.0.1", Directory: embedded.Directory(embedded.Config{Dir: t.TempDir()})}
	for range 2 {
		cl, err := cluster.Join(r.System, r.Thread, cfg)
		if err != nil {
			t.Fatal(err)
		}
		c := r.Collector()
		r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"cluster://x"}, Deliver: socket.To(c.PID)})
		push := r.Spawn(socket.Config{Type: socket.Push, Connect: []string{"cluster://x"}})
		r.Put(push, messages.Text("a"))
		c.Message()
		ctx, cancel := context.WithTimeout(r.Ctx, rig.Patience)
		defer cancel()
		if err := cl.Leave(ctx); err != nil {
			t.Error(err)
		}
	}
}
