package socket_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/curve"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// named is a test with a directory, of which nothing is left in the end.
func named(t *testing.T) (*rig.Rig, *directory) {
	r := rig.Start(t, zmqthread.Config{})
	d := newDirectory()
	t.Cleanup(func() { d.idle(t) })
	t.Cleanup(r.Shutdown)
	return r, d
}

// pull spawns a Pull that has bound the name "x", and pusher a Push that has connected to it.
func pull(r *rig.Rig, d *directory) (*rig.Collector, *actor.PID) {
	c := r.Collector()
	return c, r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"cluster://x"}, Deliver: socket.To(c.PID), Resolver: d})
}

func pusher(r *rig.Rig, d *directory, change ...func(*socket.Config)) *actor.PID {
	cfg := socket.Config{Type: socket.Push, Connect: []string{"cluster://x"}, Resolver: d}
	for _, f := range change {
		f(&cfg)
	}
	return r.Spawn(cfg)
}

func count(r *rig.Rig, pid *actor.PID) int {
	r.T.Helper()
	n, err := socket.PeerCount(r.Ctx, r.Root, pid)
	if err != nil {
		r.T.Fatal(err)
	}
	return n
}

// Every type meets its own by a name, whoever comes first.
func TestNamePairs(t *testing.T) {
	pairs := [][2]zmq.Type{{socket.Push, socket.Pull}, {socket.Dealer, socket.Router}, {socket.Req, socket.Rep}, {socket.Sub, socket.Pub},
		{socket.XSub, socket.XPub}, {socket.Pair, socket.Pair}, {socket.Stream, socket.Stream}}
	for _, p := range slices.Clone(pairs) {
		pairs = append(pairs, [2]zmq.Type{p[1], p[0]})
	}
	for _, p := range pairs {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprint(p[0], " connects to ", p[1], " late ", late), func(t *testing.T) {
				r, d := named(t)
				cfg := func(typ zmq.Type) socket.Config {
					c := socket.Config{Type: typ, Resolver: d}
					if typ == socket.Sub || typ == socket.XSub {
						c.Subscribe = []string{""}
					}
					return c
				}
				connects, binds := cfg(p[0]), cfg(p[1])
				connects.Connect, binds.Bind = []string{"cluster://x"}, []string{"cluster://x"}
				first, then := connects, binds
				if late {
					first, then = then, first
				}
				a := r.Spawn(first)
				r.At(a)
				b := r.Spawn(then)
				r.Peers(a, 1)
				r.Peers(b, 1)
			})
		}
	}
}

// All who have bound a name are connected to, and who follows hears of them.
func TestNameOfSeveral(t *testing.T) {
	r, d := named(t)
	events := r.Collector()
	push := pusher(r, d, func(c *socket.Config) { c.Events = events.PID })
	var all []*rig.Collector
	var pids []*actor.PID
	for range 3 {
		c, pid := pull(r, d)
		all, pids = append(all, c), append(pids, pid)
	}
	r.Peers(push, 3)
	for {
		if e, _ := rig.Await[*socket.Resolved](events); e.Name == "x" && len(e.Targets) == 3 {
			break
		}
	}
	for i := range 30 {
		r.Put(push, messages.Text(fmt.Sprint(i)))
	}
	for _, c := range all {
		c.Messages(10)
	}
	r.Stop(pids[0])
	rig.Until(t, "one is gone", func() bool { return count(r, push) == 2 && len(d.at("x")) == 2 })
	for i := range 20 {
		r.Put(push, messages.Text(fmt.Sprint(i)))
	}
	all[1].Messages(10)
	all[2].Messages(10)
}

// A record that goes ends no connection that is well; a connection that ends after that is not made again.
func TestRecordGoes(t *testing.T) {
	r, d := named(t)
	c, pid := pull(r, d)
	push := pusher(r, d)
	r.Peers(push, 1)
	record := d.at("x")[0]
	d.remove("x", record)
	for i := range 100 {
		r.Put(push, messages.Text(fmt.Sprint(i)))
	}
	c.Messages(100)
	hangUpAll(r, pid)
	rig.Until(t, "it is gone", func() bool { return count(r, push) == 0 })
	stranger := r.Collector()
	r.Stop(pid)
	other := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{record.Endpoint}, Deliver: socket.To(stranger.PID)})
	r.At(other)
	unsent(r, push)
	if n := count(r, other); n != 0 {
		t.Errorf("the stranger has %d peers", n)
	}
	again, _ := pull(r, d)
	if m := again.Message(); m.Text() != "unsent" {
		t.Errorf("got %v", m)
	}
}

func hangUpAll(r *rig.Rig, pid *actor.PID) {
	r.T.Helper()
	if _, err := messages.Call(r.Ctx, r.Root, pid, &socket.Cut{}); err != nil {
		r.T.Fatal(err)
	}
}

// unsent sends what nobody takes for longer than libzmq waits before it connects again.
func unsent(r *rig.Rig, push *actor.PID) {
	r.T.Helper()
	r.Root.Send(push, messages.Text("unsent"))
	ctx, cancel := context.WithTimeout(r.Ctx, 300*time.Millisecond)
	defer cancel()
	if err := messages.Put(ctx, r.Root, push, messages.Text("late")); !errors.Is(err, context.DeadlineExceeded) {
		r.T.Fatalf("put: %v", err)
	}
}

// A connection that ends while its record stands is made again when the binder has shown that it lives: a
// stranger who has its port by then gets nothing, however long the record stands.
func TestStranger(t *testing.T) {
	r, d := named(t)
	c, pid := pull(r, d)
	push := pusher(r, d)
	r.Peers(push, 1)
	record := d.at("x")[0]

	hangUpAll(r, pid) // the network was away
	rig.Until(t, "a sign of life is wanted", func() bool { return slices.Equal(d.asked(), []socket.Target{record}) })
	unsent(r, push)
	d.confirm()
	r.Peers(push, 1)
	if m := c.Message(); m.Text() != "unsent" {
		t.Errorf("got %v", m)
	}

	d.put("x", record) // as if it had not been withdrawn: its member was killed
	r.Stop(pid)
	stranger := r.Collector()
	other := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{record.Endpoint}, Deliver: socket.To(stranger.PID)})
	r.At(other)
	unsent(r, push)
	if n := count(r, other); n != 0 {
		t.Errorf("the stranger has %d peers", n)
	}
	d.remove("x", record)
	rig.Until(t, "nobody waits any more", func() bool { return len(d.asked()) == 0 })
	again, _ := pull(r, d)
	if m := again.Message(); m.Text() != "unsent" {
		t.Errorf("got %v", m)
	}
	stranger.Empty()
}

// Where nobody listens, it is tried again with every sign of life.
func TestNobodyListens(t *testing.T) {
	r, d := named(t)
	_, pid := pull(r, d)
	r.At(pid)
	rig.Until(t, "it is advertised", func() bool { return len(d.at("x")) == 1 })
	record := d.at("x")[0]
	r.Stop(pid)
	d.put("x", record)
	push := pusher(r, d)
	for range 3 {
		rig.Until(t, "a sign of life is wanted", func() bool { return len(d.asked()) == 1 })
		d.confirm()
	}
	rig.Until(t, "a sign of life is wanted", func() bool { return len(d.asked()) == 1 })
	c := r.Collector()
	late := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{record.Endpoint}, Deliver: socket.To(c.PID)})
	r.At(late)
	again := record
	again.ID = "another"
	d.change("x", func([]socket.Target) []socket.Target { return []socket.Target{again} }) // a sign of life, too
	r.Peers(push, 1)
	d.remove("x", again)
}

// The CURVE key of the record holds for its connection, and for no other.
func TestNameKey(t *testing.T) {
	r, d := named(t)
	keys, err := curve.New()
	if err != nil {
		t.Fatal(err)
	}
	c := r.Collector()
	safe := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"cluster://x"}, Deliver: socket.To(c.PID), Resolver: d,
		Options: socket.Options{CurveServer: true, CurveSecretKey: keys.Secret}})
	plain := r.Collector()
	open := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(plain.PID)})
	push := pusher(r, d)
	r.Peers(push, 1)
	if k := d.at("x")[0].ServerKey; k != keys.Public {
		t.Errorf("key %q", k)
	}
	r.Do(push, &messages.Connect{Endpoint: r.At(open)[0]})
	r.Peers(push, 2)
	hangUpAll(r, open) // libzmq makes this one again by itself
	rig.Until(t, "it is back", func() bool { return count(r, open) == 1 && count(r, push) == 2 })
	r.Stop(open)

	record := d.at("x")[0]
	d.put("x", record)
	r.Stop(safe)
	stranger := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{record.Endpoint}})
	r.At(stranger)
	rig.Until(t, "a sign of life is wanted", func() bool { return len(d.asked()) == 1 })
	d.confirm() // a wrong one
	rig.Until(t, "another sign of life is wanted", func() bool { return len(d.asked()) == 1 })
	if n := count(r, stranger); n != 0 {
		t.Errorf("the stranger has %d peers", n)
	}
	d.remove("x", record)
}

// A reopen brings names back, at both ends.
func TestNameReopen(t *testing.T) {
	r, d := named(t)
	c, pid := pull(r, d)
	push := pusher(r, d)
	r.Peers(push, 1)
	at := r.At(pid)
	for range 3 {
		r.Do(push, &socket.Fail{})
		r.Put(push, messages.Text("a"))
		c.Message()
		before := d.at("x")[0]
		r.Do(pid, &socket.Fail{})
		rig.Until(t, "it is announced again", func() bool { now := d.at("x"); return len(now) == 1 && now[0].ID != before.ID })
		arrives(r, d, push, c)
		if now := r.At(pid); !slices.Equal(now, at) {
			t.Errorf("bound at %v, then %v", at, now)
		}
		r.Do(push, &socket.Fail{Kept: true})
		r.Do(pid, &socket.Fail{Kept: true})
		r.Put(push, messages.Text("c"))
		c.Message()
	}
}

// arrives sends until something arrives: what is put while nobody knows yet that the connection has ended is
// lost with it.
func arrives(r *rig.Rig, d *directory, push *actor.PID, c *rig.Collector) {
	r.T.Helper()
	rig.Until(r.T, "something arrives", func() bool {
		d.confirm()
		r.Root.Send(push, messages.Text("b"))
		select {
		case <-c.Mail():
			return true
		case <-time.After(10 * time.Millisecond):
			return false
		}
	})
	r.Put(push, messages.Text("last"))
	for c.Message().Text() != "last" {
	}
}

// Names in live commands.
func TestNameCommands(t *testing.T) {
	r, d := named(t)
	c := r.Collector()
	bind := r.Spawn(socket.Config{Type: socket.Pull, Deliver: socket.To(c.PID), Resolver: d})
	push := r.Spawn(socket.Config{Type: socket.Push, Resolver: d})
	for range 3 {
		if done := r.Do(bind, &messages.Bind{Endpoint: "cluster://x"}); done.Endpoint == "" {
			t.Error("bound nowhere")
		}
		r.Do(push, &messages.Connect{Endpoint: "cluster://x"})
		r.Do(push, &messages.Connect{Endpoint: "cluster://x"})
		r.Put(push, messages.Text("a"))
		c.Message()
		r.Do(push, &messages.Disconnect{Endpoint: "cluster://x"})
		rig.Until(t, "both know", func() bool { return count(r, push) == 0 && count(r, bind) == 0 })
		r.Do(bind, &messages.Unbind{Endpoint: "cluster://x"})
		rig.Until(t, "it is withdrawn", func() bool { return len(d.at("x")) == 0 })
	}
	for _, m := range []any{&messages.Disconnect{Endpoint: "cluster://x"}, &messages.Unbind{Endpoint: "cluster://x"}} {
		if _, err := messages.Call(r.Ctx, r.Root, push, m); !errors.Is(err, messages.ErrRefused) {
			t.Errorf("%T: %v", m, err)
		}
	}
	alone := r.Spawn(socket.Config{Type: socket.Push})
	for _, m := range []any{&messages.Connect{Endpoint: "cluster://x"}, &messages.Bind{Endpoint: "cluster://x"}} {
		if _, err := messages.Call(r.Ctx, r.Root, alone, m); !errors.Is(err, messages.ErrMalformed) {
			t.Errorf("%T without a resolver: %v", m, err)
		}
	}
}

// Nobody can resolve the name, or see what becomes of its peers.
func TestNameRefused(t *testing.T) {
	r, d := named(t)
	for _, cfg := range []socket.Config{
		{Type: socket.Push, Connect: []string{"cluster://x"}},
		{Type: socket.Push, Bind: []string{"cluster://x"}},
		{Type: socket.Push, Connect: []string{"cluster://x"}, Resolver: d, NoMonitor: true},
	} {
		_, err := socket.Endpoints(r.Ctx, r.Root, r.Spawn(cfg))
		var wrong *socket.ConfigError
		if !errors.As(err, &wrong) {
			t.Errorf("%v %v: %v", cfg.Bind, cfg.Connect, err)
		}
	}
	socket.SetResolver(r.System, d)
	defer socket.SetResolver(r.System, nil)
	c := r.Collector()
	r.At(r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"cluster://x"}, Deliver: socket.To(c.PID)}))
	r.Peers(r.Spawn(socket.Config{Type: socket.Push, Connect: []string{"cluster://x"}}), 1)
}

// A socket that is poisoned takes back its names before it has sent all that it has.
func TestNamePoison(t *testing.T) {
	r, d := named(t)
	push := r.Spawn(socket.Config{Type: socket.Push, Bind: []string{"cluster://x"}, Resolver: d, Options: socket.Options{Linger: 5 * time.Second}})
	r.At(push)
	r.Root.Send(push, messages.Text("a"))
	gone := r.Root.PoisonFuture(push)
	rig.Until(t, "it is withdrawn", func() bool { return len(d.at("x")) == 0 })
	c, _ := pull(r, d)
	if err := r.Root.StopFuture(push).Wait(); err != nil {
		t.Error(err)
	}
	gone.Wait()
	c.Empty()
}

// A connection to an owner ends when there is a later one, not before, and whoever has asked the old one is told.
func TestSuperseded(t *testing.T) {
	r, d := named(t)
	mute := r.Actor(func(actor.Context) {})
	bind := func() (*actor.PID, socket.Target) {
		pid := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(mute)})
		return pid, socket.Target{Endpoint: r.At(pid)[0], Owned: true}
	}
	_, old := bind()
	next, later := bind()
	old.ID, old.Token, later.ID, later.Token = "old", 1, "later", 2
	d.put("x", old)
	client := r.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{"cluster://x"}, Resolver: d})
	r.Peers(client, 1)
	answer := r.Root.RequestFuture(client, messages.Text("a"), rig.Patience)
	rig.Until(t, "it is on its way", func() bool { return r.Counts(client).Taken == 1 })
	d.remove("x", old)
	d.put("y", old) // a moment in which it would have ended, if it did
	if n := count(r, client); n != 1 {
		t.Errorf("%d peers when the record has gone", n)
	}
	d.put("x", later)
	if a, err := answer.Result(); err != nil {
		t.Error(err)
	} else if rejected, ok := a.(*messages.Rejected); !ok || !errors.Is(rejected, messages.ErrFailed) {
		t.Errorf("got %v", a)
	}
	r.Peers(next, 1)
	rig.Until(t, "there is one", func() bool { return count(r, client) == 1 })
	d.remove("x", later)
	d.remove("y", old)
}

// With Retry the question goes to the later owner.
func TestSupersededRetry(t *testing.T) {
	for _, typ := range []zmq.Type{socket.Req, socket.Dealer} {
		t.Run(typ.String(), func(t *testing.T) {
			r, d := named(t)
			mute, echo := r.Actor(func(actor.Context) {}), r.Echo()
			bind := func(to *actor.PID, id string, token int64) (*actor.PID, socket.Target) {
				pid := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(to)})
				return pid, socket.Target{Endpoint: r.At(pid)[0], Owned: true, ID: id, Token: token}
			}
			_, old := bind(mute, "old", 1)
			_, later := bind(echo, "later", 2)
			d.put("x", old)
			client := r.Spawn(socket.Config{Type: typ, Connect: []string{"cluster://x"}, Resolver: d, Retry: true})
			r.Peers(client, 1)
			answer := r.Root.RequestFuture(client, messages.Text("a"), rig.Patience)
			rig.Until(t, "it is on its way", func() bool { return r.Counts(client).Taken == 1 })
			d.remove("x", old)
			d.put("x", later)
			if a, err := answer.Result(); err != nil {
				t.Error(err)
			} else if m, ok := a.(*messages.Message); !ok || m.Text() != "a" {
				t.Errorf("got %v", a)
			}
			if n := r.Counts(client).Resent; n != 1 {
				t.Errorf("sent again %d times", n)
			}
			d.remove("x", later)
		})
	}
}
