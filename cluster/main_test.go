package cluster_test

import (
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/cluster"
	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

func TestMain(m *testing.M) {
	etcdtest.Main()
	rig.Main(m)
}

const ttl = 2 * time.Second

// member is a member in this process: a system of its own, joined.
type member struct {
	*rig.Rig
	*cluster.Cluster
	events *rig.Collector
}

// join joins as a member of this name; "" is an observer.
func join(t *testing.T, e *etcdtest.Etcd, name string) *member {
	t.Helper()
	r := rig.Start(t, zmqthread.Config{})
	events := r.Collector()
	cfg := cluster.Config{Name: "test", Member: name, Host: "127.0.0.1", TTL: ttl, Directory: cluster.Etcd(e.Endpoints()), Events: events.PID}
	cfg.Observer = name == ""
	cl, err := cluster.Join(r.System, r.Thread, cfg)
	if err != nil {
		t.Fatal(err)
	}
	m := &member{r, cl, r.Collector()}
	t.Cleanup(func() { m.leave() })
	return m
}

func (m *member) leave() {
	m.T.Helper()
	if err := m.Leave(m.Ctx); err != nil {
		m.T.Errorf("leave: %v", err)
	}
}

// own spawns a keeper of "orders", a Router whose desk answers with the member's name.
func (m *member) own(change ...func(*socket.Config)) *actor.PID {
	desk := m.Actor(func(c actor.Context) {
		if request, ok := c.Message().(*messages.Message); ok {
			c.Respond(messages.Text(m.Member(), request.Text()))
		}
	})
	cfg := socket.Config{Type: socket.Router, Bind: []string{"cluster://orders"}, Deliver: socket.To(desk), Events: m.events.PID}
	for _, f := range change {
		f(&cfg)
	}
	return m.Root.Spawn(m.Own("orders", cfg))
}

// client spawns a Dealer that asks whoever owns "orders".
func (m *member) client() *actor.PID {
	return m.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{"cluster://orders"}})
}

// answers asks until that member answers.
func (m *member) answers(client *actor.PID, who string) {
	m.T.Helper()
	rig.Until(m.T, who+" answers", func() bool {
		reply, err := messages.Ask(m.Ctx, m.Root, client, messages.Text("who?"))
		return err == nil && string(reply.Body()[0]) == who
	})
}

// owning waits until the member owns, and returns its token.
func (m *member) owning() int64 {
	m.T.Helper()
	e, _ := rig.Await[*cluster.Owning](m.events)
	return e.Token
}
