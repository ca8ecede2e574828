package cluster_test

import (
	"errors"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/cluster"
	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// The first that claims a name owns it. When it leaves, the next does, at once, with a higher token; clients
// follow.
func TestOwn(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		a, b, far := join(t, e, "a"), join(t, e, "b"), join(t, e, "")
		a.own()
		first := a.owning()
		keeper := b.own()
		client := far.client()
		far.answers(client, "a")
		if _, err := messages.Ask(b.Ctx, b.Root, keeper, messages.Text("x")); !errors.Is(err, messages.ErrNotOwner) {
			t.Errorf("asked who waits: %v", err)
		}
		at, err := far.Resolve(far.Ctx, "orders")
		if err != nil || len(at) != 1 || at[0].Member != "a" || at[0].Token != first {
			t.Errorf("resolved %+v, %v", at, err)
		}
		left := time.Now()
		a.leave()
		if e, _ := rig.Await[*cluster.Lost](a.events); e.Token != first || e.Err != nil {
			t.Errorf("lost %+v", e)
		}
		rig.Await[*socket.Stopped](a.events)
		second := b.owning()
		if second <= first {
			t.Errorf("token %d after %d", second, first)
		}
		if took := time.Since(left); took >= ttl {
			t.Errorf("it took %v", took)
		}
		far.answers(client, "b")
	})
}

// A keeper's PID is its socket's.
func TestKeeperIsSocket(t *testing.T) {
	e := etcdtest.System(t)
	a := join(t, e, "a")
	c := a.Collector()
	keeper := a.Root.Spawn(a.Own("lines", socket.Config{Type: socket.Push, Bind: []string{"cluster://lines"}, Events: a.events.PID}))
	a.owning()
	a.Spawn(socket.Config{Type: socket.Pull, Connect: []string{"cluster://lines"}, Deliver: socket.To(c.PID)})
	a.Peers(keeper, 1)
	a.Put(keeper, messages.Text("put"))
	a.Root.Send(keeper, messages.Text("sent"))
	for _, want := range []string{"put", "sent"} {
		if m := c.Message(); m.Text() != want {
			t.Errorf("got %v", m)
		}
	}
	if _, err := a.Root.RequestFuture(keeper, &actor.Touch{}, rig.Patience).Result(); err != nil {
		t.Errorf("touch: %v", err)
	}
	if at := a.At(keeper); len(at) != 1 {
		t.Errorf("bound at %v", at)
	}
	if n := a.Counts(keeper).Taken; n != 2 {
		t.Errorf("%d were taken", n)
	}
	a.Poison(keeper)
	rig.Until(t, "the name is free", func() bool {
		at, err := a.Resolve(a.Ctx, "lines")
		return err == nil && len(at) == 0
	})
	if _, err := messages.Ask(a.Ctx, a.Root, keeper, messages.Text("x")); err == nil {
		t.Error("asked who has gone")
	}
}

// A socket that fails is restarted; one that cannot be opened gives the name to somebody else.
func TestOwnerFails(t *testing.T) {
	e := etcdtest.System(t)
	a, b := join(t, e, "a"), join(t, e, "b")
	taken := a.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}})
	port := a.At(taken)[0]
	a.Root.Spawn(a.Own("orders", socket.Config{Type: socket.Router, Bind: []string{"cluster://orders", port}, Events: a.events.PID},
		actor.WithGuardian(&supervision.Backoff{Min: time.Millisecond, Retries: 2, Window: time.Minute})))
	a.owning()
	b.own()
	token := b.owning()
	if e, _ := rig.Await[*cluster.Lost](a.events); e.Err == nil || e.Token >= token {
		t.Errorf("lost %+v, owned again as %d", e, token)
	}
	client := a.client()
	a.answers(client, "b")
	at, err := a.Resolve(a.Ctx, "orders")
	if err != nil || len(at) != 1 || at[0].Token != token {
		t.Fatalf("%v %v", at, err)
	}
}

// A socket of an owner that fails is opened again where it was, and announced again.
func TestOwnerReopens(t *testing.T) {
	e := etcdtest.System(t)
	a := join(t, e, "a")
	keeper := a.own()
	token := a.owning()
	client := a.client()
	a.answers(client, "a")
	at := a.At(keeper)
	for range 3 {
		a.Do(keeper, &socket.Fail{})
		rig.Await[*socket.Failed](a.events)
		rig.Await[*socket.Opened](a.events)
		a.answers(client, "a")
	}
	if now := a.At(keeper); now[0] != at[0] {
		t.Errorf("bound at %v, then at %v", at, now)
	}
	if now, err := a.Resolve(a.Ctx, "orders"); err != nil || len(now) != 1 || now[0].Token != token {
		t.Errorf("resolved %v, %v", now, err)
	}
}

// While etcd is away an owner stops at its deadline, and goes on as the same owner when it is back in time for
// the lease; nobody is told anything.
func TestOwnerWaits(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		a := join(t, e, "a")
		keeper := a.own()
		token := a.owning()
		client := a.client()
		a.answers(client, "a")
		e.Kill()
		asked := time.Now()
		rig.Until(t, "it does not answer any more", func() bool {
			reply := a.Root.RequestFuture(client, messages.Text("who?"), ttl/4)
			_, err := reply.Result()
			return err != nil
		})
		if took := time.Since(asked); took > ttl {
			t.Errorf("it answered for %v", took)
		}
		e.Start()
		a.answers(client, "a")
		at, err := a.Resolve(a.Ctx, "orders")
		if err != nil || len(at) != 1 || at[0].Token != token {
			t.Errorf("resolved %v, %v; token %d", at, err, token)
		}
		a.Stop(keeper)
		for {
			switch m := a.events.Next().Message.(type) {
			case *cluster.Lost:
				if m.Err != nil {
					t.Errorf("lost: %v", m.Err)
				}
				return
			case *cluster.Owning:
				t.Errorf("owning again: %+v", m)
			}
		}
	})
}
