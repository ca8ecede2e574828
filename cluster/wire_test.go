package cluster_test

import (
	"errors"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/curve"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/cluster"
	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// wired joins as a member with a wire that has keys.
func wired(t *testing.T, e *etcdtest.Etcd, name string) *member {
	t.Helper()
	keys, err := curve.New()
	if err != nil {
		t.Fatal(err)
	}
	r := rig.Start(t, zmqthread.Config{})
	cl, err := cluster.Join(r.System, r.Thread, cluster.Config{Name: "test", Member: name, Host: "127.0.0.1", TTL: ttl,
		Directory: cluster.Etcd(e.Endpoints()), Wire: &cluster.Wire{Keys: &keys}})
	if err != nil {
		t.Fatal(err)
	}
	m := &member{r, cl, r.Collector()}
	t.Cleanup(func() { m.leave() })
	return m
}

// A socket on another member is asked, put to, and delivered to, by its PID; what it refuses comes back as it is.
func TestWire(t *testing.T) {
	e := etcdtest.System(t)
	a, b := wired(t, e, "a"), wired(t, e, "b")
	keeper := a.own()
	a.owning()
	client := a.client()
	a.answers(client, "a")
	far := func(pid *actor.PID) *actor.PID { return actor.NewPID(a.System.Address(), pid.Id) }
	rig.Until(t, "b knows a", func() bool {
		reply, err := messages.Ask(b.Ctx, b.Root, far(client), messages.Text("who?"))
		return err == nil && string(reply.Body()[0]) == "a"
	})
	// From b to a's Push, over ZeroMQ to a's Pull, which delivers to an actor of b.
	c := b.Collector()
	here := actor.NewPID(b.System.Address(), c.PID.Id)
	pull := a.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"cluster://lines"}, Deliver: socket.To(here)})
	push := a.Spawn(socket.Config{Type: socket.Push, Connect: []string{"cluster://lines"}})
	a.Peers(pull, 1)
	for range 5000 { // more than a window
		b.Root.Send(far(push), messages.Text("line"))
	}
	if err := messages.Put(b.Ctx, b.Root, far(push), messages.Text("last")); err != nil {
		t.Fatal(err)
	}
	n := 1
	for c.Message().Text() != "last" {
		n++
	}
	if refused := 5001 - n; refused != int(a.Counts(push).Rejected) {
		t.Errorf("%d came, %+v", n, a.Counts(push))
	}
	if _, err := messages.Ask(b.Ctx, b.Root, far(push), messages.Text("x")); !errors.Is(err, messages.ErrUnsupported) {
		t.Errorf("ask a Push: %v", err)
	}
	if _, err := messages.Ask(b.Ctx, b.Root, far(pull), messages.Text("x")); err == nil {
		t.Error("a Pull answers")
	}
	if _, err := messages.Call(b.Ctx, b.Root, far(push), &messages.Connect{Endpoint: "nonsense"}); !errors.Is(err, messages.ErrMalformed) {
		t.Errorf("connect: %v", err)
	}
	// The keeper's PID, too, which refuses when it does not own any more.
	a.Poison(keeper)
	if _, err := messages.Ask(b.Ctx, b.Root, far(keeper), messages.Text("x")); err == nil {
		t.Error("asked who has gone")
	}
}

// An observer has no PIDs that others find.
func TestWireConfig(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	for field, change := range map[string]func(*cluster.Config){
		"an observer":          func(c *cluster.Config) { c.Observer = true },
		"plaintext":            func(c *cluster.Config) { c.Wire.Bind = "tcp://192.0.2.1:*" },
		"a key that is no key": func(c *cluster.Config) { c.Wire.Keys = &curve.KeyPair{Public: "x", Secret: "y"} },
	} {
		cfg := cluster.Config{Name: "test", Host: "127.0.0.1", Directory: cluster.Etcd([]string{"http://127.0.0.1:1"}), Wire: &cluster.Wire{}}
		change(&cfg)
		if _, err := cluster.Join(r.System, r.Thread, cfg); !errors.Is(err, messages.ErrConfig) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
