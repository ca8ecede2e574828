package registry

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// etcd is away for eight seconds: the lease is resumed, and nobody is told.
func TestResume(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		lives := newQueue[error](t)
		a := member(t, e, "a", func(c *Config) { c.Changed = func(_ bool, err error) { lives.put(err) } })
		seen := follow_(t, a, "orders")
		a.Advertise("orders", at(1))
		c, told := claim(t, a, "orders")
		token, id := owns(told), a.lease.id
		must(t, c.Announce(soon(t), at(2)))
		seen.until(is(at(1).Address + " " + at(2).Address))
		e.Kill()
		down := time.Now()
		rig.Until(t, "it does not hold any more", func() bool { return !c.Holds() })
		if d := time.Since(down); d > ttl*2/3+200*time.Millisecond {
			t.Errorf("it held for %v", d)
		}
		a.Advertise("orders", at(3))
		time.Sleep(8*time.Second - time.Since(down))
		e.Start()
		up := time.Now()
		rig.Until(t, "it holds again", c.Holds)
		t.Log("it holds again", time.Since(up), "after etcd is back")
		if c.Token() != token || a.lease.id != id {
			t.Errorf("token %d after %d, lease %x after %x", c.Token(), token, a.lease.id, id)
		}
		seen.until(is(at(1).Address + " " + at(2).Address + " " + at(3).Address))
		told.none()
		lives.none()
	})
}

// The disk of etcd is wiped: everything is put again, and tokens go on growing.
func TestWiped(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		patient := func(c *Config) { c.Hasty = false }
		a, b := member(t, e, "a", patient), member(t, e, "b", patient)
		o := joined(t, Config{Client: e.Client(t), Cluster: "shop"}, func(c *Config) { c.Observer = true })
		seen := follow_(t, o, "orders")
		for i := range 50 { // revisions that the new history will not have
			must(t, put(t, a, fmt.Sprint(i)))
		}
		a.Advertise("orders", at(1))
		b.Advertise("orders", at(2))
		ca, _ := claim(t, a, "desk")
		cb, _ := claim(t, b, "desk")
		rig.Until(t, "one owns", func() bool { return ca.Holds() || cb.Holds() })
		seen.until(func(s string) bool { return len(strings.Fields(s)) == 2 })
		for range 2 {
			token := max(ca.Token(), cb.Token())
			e.Kill()
			e.Wipe()
			e.Start()
			rig.Until(t, "one owns, with a higher token", func() bool {
				return ca.Holds() && ca.Token() > token || cb.Holds() && cb.Token() > token
			})
			rig.Until(t, "both records stand, and the observer knows", func() bool {
				o.mu.Lock()
				defer o.mu.Unlock()
				t := o.topics[o.records("orders")]
				return len(t.state) == 2 && t.rev < 50
			})
		}
	})
}

// While a history is young no claim owns in it: an owner of before may not know yet. Not in parallel: it looks at the time.
func TestYoung(t *testing.T) {
	test := func(t *testing.T, e *etcdtest.Etcd) {
		began := time.Now()
		a := member(t, e, "a", func(c *Config) { c.Hasty = false })
		c, told := claim(t, a, "orders")
		owns(told)
		if d := time.Since(began); d < ttl || d > 2*ttl || !c.Holds() {
			t.Errorf("it owns after %v, and holds: %v", d, c.Holds())
		}
		again := time.Now()
		_, told = claim(t, a, "others")
		owns(told)
		if d := time.Since(again); d > ttl/2 {
			t.Errorf("it owns after %v more", d)
		}
	}
	t.Run("etcd", func(t *testing.T) { test(t, etcdtest.System(t)) })
	t.Run("embedded", func(t *testing.T) { test(t, etcdtest.Embedded(t)) })
}

// With etcd down or paused nothing hangs, nothing spins and nothing piles up.
func TestAway(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]func(*etcdtest.Etcd){"down": (*etcdtest.Etcd).Kill, "paused": (*etcdtest.Etcd).Pause} {
		t.Run(name, func(t *testing.T) {
			etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) { testAway(t, e, away) })
		})
	}
}

func testAway(t *testing.T, e *etcdtest.Etcd, away func(*etcdtest.Etcd)) {
	a := member(t, e, "a")
	c, told := claim(t, a, "orders")
	owns(told)
	must(t, c.Announce(soon(t), at(1)))
	follow_(t, a, "orders").until(is(at(1).Address))
	client := e.Client(t)
	away(e)
	const short = 300 * time.Millisecond
	quick := func(what string, call func(context.Context) error) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), short)
		defer cancel()
		began := time.Now()
		if err := call(ctx); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
		if d := time.Since(began); d > short+time.Second {
			t.Errorf("%s: after %v", what, d)
		}
	}
	quick("join", func(ctx context.Context) error {
		_, err := Join(ctx, Config{Client: client, Cluster: "shop", Member: "b"})
		return err
	})
	quick("join as an observer", func(ctx context.Context) error {
		_, err := Join(ctx, Config{Client: client, Cluster: "shop", Observer: true})
		return err
	})
	quick("resolve", func(ctx context.Context) error { _, err := a.Resolve(ctx, "orders"); return err })
	quick("announce", func(ctx context.Context) error { return c.Announce(ctx, at(2)) })
	quick("withdraw", func(ctx context.Context) error { return c.Withdraw(ctx) })
	rig.Until(t, "it does not hold any more", func() bool { return !c.Holds() })
	quick("resign", func(ctx context.Context) error { return c.Resign(ctx) })
	quick("leave", func(ctx context.Context) error { return a.Leave(ctx) })
}

// Of a group of three the leader is killed: nobody is told, and everything goes on. Not in parallel: without the processor two of
// three elect nobody.
func TestGroup(t *testing.T) {
	group := etcdtest.Group(t)
	var endpoints []string
	for _, e := range group {
		endpoints = append(endpoints, e.Endpoints()...)
	}
	join := func(name string) *Registry {
		return joined(t, Config{Client: etcdtest.Client(t, endpoints...), Cluster: "shop", Member: name},
			func(c *Config) { c.TTL = 3 * time.Second })
	}
	a, b := join("a"), join("b")
	seen := follow_(t, b, "orders")
	c, told := claim(t, a, "orders")
	token := owns(told)
	must(t, c.Announce(soon(t), at(1)))
	seen.until(is(at(1).Address))
	var killed *etcdtest.Etcd
	for _, e := range group {
		if leads(t, e) {
			e.Kill()
			killed = e
		}
	}
	if killed == nil {
		t.Fatal("nobody leads")
	}
	down := time.Now()
	a.Advertise("orders", at(2))
	seen.until(is(at(1).Address + " " + at(2).Address))
	t.Log("a record in", time.Since(down))
	rig.Until(t, "it holds", c.Holds)
	killed.Start()
	b.Advertise("orders", at(3))
	seen.until(is(at(1).Address + " " + at(2).Address + " " + at(3).Address))
	told.none()
	if c.Token() != token {
		t.Errorf("token %d after %d", c.Token(), token)
	}
}

func leads(t *testing.T, e *etcdtest.Etcd) bool {
	s, err := e.Client(t).Status(soon(t), e.Endpoints()[0])
	must(t, err)
	return s.Leader == s.Header.MemberId
}

// While etcd is down what comes and goes leaves nothing behind, and waiting costs next to nothing. Not in parallel: it
// looks at the whole process.
func TestIdle(t *testing.T) {
	e := etcdtest.System(t)
	a := member(t, e, "a", func(c *Config) { c.Logger = nil })
	c, told := claim(t, a, "orders")
	owns(told)
	e.Kill()
	rig.Until(t, "it does not hold any more", func() bool { return !c.Holds() })
	size := func() string { // beside the one batch of keys that etcd may have got
		a.mu.Lock()
		defer a.mu.Unlock()
		return fmt.Sprint(len(a.topics), " topics, ", len(a.watcher.fresh), " ", len(a.watcher.stale), " ",
			len(a.watcher.cancels), " queued, ", len(a.desk.all)/(1+maxBatch), " ", len(a.desk.queue)/(1+maxBatch), " batches of keys")
	}
	goroutines, sizes := runtime.NumGoroutine(), size()
	for i := range 1000 {
		name := fmt.Sprint("n", i%10)
		a.Advertise(name, at(i))()
		a.Follow(name, func([]Entry) {})()
		c, err := a.Claim(name, nil)
		must(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		c.Announce(ctx, at(i))
		c.Resign(ctx)
	}
	if now := size(); now != sizes {
		t.Errorf("%s; before: %s", now, sizes)
	}
	began := cpu()
	time.Sleep(3 * time.Second) // what is tested is what it does meanwhile
	if used := cpu() - began; used > 500*time.Millisecond {
		t.Errorf("%v of 3 s were used", used)
	}
	rig.Until(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= goroutines+2 })
}

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
