package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestAdvertiseAndFollow(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		a, b := member(t, e, "a"), member(t, e, "b")
		seen := follow_(t, b, "orders")
		if got := seen.next(); got != "" {
			t.Errorf("before anybody is there: %q", got)
		}
		withdraw := a.Advertise("orders", at(1))
		seen.until(is(at(1).Address))
		b.Advertise("orders", at(2))
		seen.until(is(at(1).Address + " " + at(2).Address))
		other := follow_(t, b, "order")
		other.until(is("")) // a prefix of a name is another name
		withdraw()
		withdraw()
		seen.until(is(at(2).Address))
		all, err := a.Resolve(soon(t), "orders")
		must(t, err)
		if len(all) != 1 || all[0].Member != "b" || all[0].Token != all[0].Revision || all[0].Token == 0 ||
			all[0].Lease != int64(b.lease.id) || !strings.HasPrefix(all[0].Key, "/sockeye/shop/name/orders/b-") {
			t.Errorf("resolved %+v", all)
		}
		must(t, b.Leave(soon(t)))
		if all, err = a.Resolve(soon(t), "orders"); err != nil || len(all) != 0 {
			t.Errorf("after its member has left: %+v, %v", all, err)
		}
		if _, err = b.Resolve(soon(t), "orders"); !errors.Is(err, ErrLeft) {
			t.Errorf("resolve after Leave: %v", err)
		}
	})
}

func TestFollowMembers(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		info := Info{Host: "10.0.0.1", Wire: "tcp://10.0.0.1:77", ServerKey: strings.Repeat("k", 40)}
		a := member(t, e, "a", func(c *Config) { c.Info = info })
		q := newQueue[string](t)
		stop := a.FollowMembers(func(all []Member) {
			var names []string
			for _, m := range all {
				names = append(names, m.Name)
				if m.Name == "a" && (m.Info != info || m.Lease != int64(a.lease.id)) {
					t.Errorf("a is told as %+v", m)
				}
			}
			q.put(strings.Join(names, " "))
		})
		q.until(is("a"))
		b := member(t, e, "b")
		q.until(is("a b"))
		must(t, b.Leave(soon(t)))
		q.until(is("a"))
		stop()
		stop()
	})
}

// Many follow one name with one watch, and each is told the end.
func TestManyFollowers(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		a, b := member(t, e, "a"), member(t, e, "b")
		const many = 500
		var told [many]atomic.Pointer[string]
		for i := range many {
			var busy atomic.Bool
			t.Cleanup(b.Follow("orders", func(all []Entry) {
				if busy.Swap(true) {
					t.Error("two calls at a time")
				}
				s := addresses(all)
				told[i].Store(&s)
				busy.Store(false)
			}))
		}
		var last string
		for i := range 20 {
			last = at(i).Address
			withdraw := a.Advertise("orders", at(i))
			if i < 19 {
				withdraw()
			}
		}
		for i := range many {
			rig.Until(t, "every follower knows", func() bool { s := told[i].Load(); return s != nil && *s == last })
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if n := len(b.watcher.ids); n != 3 { // the base and the member's own record are watched, too
			t.Errorf("%d watches for one name", n-2)
		}
	})
}

// A follower that is slow is told the latest, and holds up nobody.
func TestSlowFollower(t *testing.T) {
	t.Parallel()
	e := etcdtest.Embedded(t)
	a := member(t, e, "a")
	blocked, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	slow := newQueue[string](t)
	stop := a.Follow("orders", func(all []Entry) {
		once.Do(func() { close(blocked); <-release })
		slow.put(addresses(all))
	})
	<-blocked
	quick := follow_(t, a, "orders")
	for i := range 10 {
		a.Advertise("orders", at(i))
	}
	quick.until(func(s string) bool { return strings.Count(s, "tcp") == 10 })
	close(release)
	slow.next()
	if got := slow.next(); strings.Count(got, "tcp") != 10 {
		t.Errorf("told %q after it was slow", got)
	}
	stop()
	a.Advertise("orders", at(11))
	quick.until(func(s string) bool { return strings.Count(s, "tcp") == 11 })
	slow.none()
}

func TestObserver(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		a := member(t, e, "a")
		revision := func() int64 {
			got, err := a.client.Get(soon(t), "x")
			must(t, err)
			return got.Header.Revision
		}
		before := revision()
		o := joined(t, Config{Client: e.Client(t), Cluster: "shop"}, func(c *Config) { c.Observer = true })
		seen := follow_(t, o, "orders")
		seen.until(is(""))
		o.Advertise("orders", at(1))()
		if _, err := o.Claim("orders", nil); !errors.Is(err, ErrObserver) {
			t.Errorf("claim: %v", err)
		}
		must(t, o.Leave(soon(t)))
		must(t, o.Leave(soon(t)))
		if after := revision(); after != before {
			t.Errorf("it has written: revision %d, then %d", before, after)
		}
		if leases, err := a.client.Leases(soon(t)); err != nil || len(leases.Leases) != 1 {
			t.Errorf("leases: %+v, %v", leases, err)
		}
	})
}

func TestMemberTaken(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		member(t, e, "a")
		_, err := Join(soon(t), Config{Client: e.Client(t), Cluster: "shop", Member: "a", TTL: ttl})
		var taken *MemberTakenError
		if !errors.As(err, &taken) || taken.Err != nil || errors.Is(err, ErrUnavailable) {
			t.Errorf("join as one that is alive: %v", err)
		}
		// Of one that is neither renewed nor gone nothing can be known.
		client := e.Client(t)
		lease, err := client.Grant(soon(t), 600)
		must(t, err)
		_, err = client.Put(soon(t), "/sockeye/shop/member/ghost", "", clientv3.WithLease(lease.ID))
		must(t, err)
		_, err = Join(within(t, 3*time.Second), Config{Client: client, Cluster: "shop", Member: "ghost", TTL: ttl})
		if !errors.As(err, &taken) || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnavailable) {
			t.Errorf("and without the time to find out: %v", err)
		}
		joined(t, Config{Client: e.Client(t), Cluster: "shop2", Member: "a"}) // another cluster
		p := process(t, e, "b", "")
		p.Kill()
		member(t, e, "b") // waits for the end of the dead one's lease
	})
}

func TestConfirm(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		a, b := member(t, e, "a", long), member(t, e, "b", long)
		p := process(t, e, "c", "")
		b.Advertise("orders", at(1))
		withdraw := b.Advertise("others", at(2))
		p.Tell("advertise dead")
		var alive, gone, dead []Entry
		rig.Until(t, "all stand", func() bool {
			alive, _ = a.Resolve(soon(t), "orders")
			gone, _ = a.Resolve(soon(t), "others")
			dead, _ = a.Resolve(soon(t), "dead")
			return len(alive) == 1 && len(gone) == 1 && len(dead) == 1
		})
		said := newQueue[string](t)
		p.Kill()
		a.Confirm(dead[0], func() { said.put("dead") })
		withdraw()
		a.Confirm(gone[0], func() { said.put("gone") })
		a.Confirm(alive[0], func() { said.put("cancelled") })()
		for range 100 {
			a.Confirm(alive[0], func() { said.put("alive") })
		}
		a.mu.Lock()
		if n := len(a.polls); n != 2 {
			t.Errorf("%d polls for two leases", n)
		}
		a.mu.Unlock()
		for range 100 {
			if got := said.next(); got != "alive" {
				t.Errorf("%s is alive", got)
			}
		}
		rig.Until(t, "nobody waits any more", func() bool {
			a.mu.Lock()
			defer a.mu.Unlock()
			return len(a.polls) == 0
		})
		said.none()
	})
}

// Leave may be called while everything is in use.
func TestLeaveInUse(t *testing.T) {
	t.Parallel()
	e := etcdtest.Embedded(t)
	for i := range 10 {
		a := member(t, e, fmt.Sprint("a", i))
		var all sync.WaitGroup
		for n := range 8 {
			all.Add(1)
			go func() {
				defer all.Done()
				name := fmt.Sprint("n", n)
				for a.ctx.Err() == nil {
					stop := a.Follow(name, func([]Entry) {})
					withdraw := a.Advertise(name, at(n))
					c, err := a.Claim(name, func(Status) {})
					if err != nil {
						return
					}
					c.Announce(within(t, time.Second), at(n))
					c.Withdraw(within(t, time.Second))
					if err := c.Resign(soon(t)); err != nil {
						t.Error(err)
					}
					withdraw()
					stop()
				}
			}()
		}
		rig.Until(t, "they are at it", func() bool {
			all, err := a.Resolve(soon(t), "n3")
			return err == nil && len(all) > 0
		})
		must(t, a.Leave(soon(t)))
		all.Wait()
		got, err := clientOf(t, e).Get(soon(t), "/sockeye/shop/", clientv3.WithPrefix(), clientv3.WithKeysOnly())
		must(t, err)
		for _, k := range got.Kvs {
			if string(k.Key) != "/sockeye/shop/base" {
				t.Errorf("left behind: %s", k.Key)
			}
		}
	}
}
