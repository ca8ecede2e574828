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
		if n := len(b.watcher.ids); n > 2 {
			t.Errorf("%d watches for one name", n)
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
		_, err = Join(within(t, 800*time.Millisecond), Config{Client: e.Client(t), Cluster: "shop", Member: "a", TTL: ttl})
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
		a, b := member(t, e, "a"), member(t, e, "b")
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

// What others have written under our keys is nobody's.
func TestGarbage(t *testing.T) {
	t.Parallel()
	e := etcdtest.Embedded(t)
	var logged atomic.Int32
	a := member(t, e, "a", func(c *Config) { c.Logger = countWarnings(&logged) })
	put := func(key, value string) {
		_, err := a.client.Put(soon(t), "/sockeye/shop/"+key, value)
		must(t, err)
	}
	put("name/orders/a-1", "{")
	put("name/orders/b-1", `{"address":"tcp://x:1","member":"a"}`)
	put("name/orders/b-2", `{"address":"x","member":"b"}`)
	put("name/orders/b", `{"address":"tcp://x:1","member":"b"}`)
	put("name/orders/", "")
	put("name/orders/b-3", strings.Repeat("x", 5000))
	put("name/orders/b-4", `{"address":"tcp://x:1","member":"b"}`) // nobody's lease, but a record
	put("member/x y", "{}")
	put("claim/orders/garbage", "first")
	seen := follow_(t, a, "orders")
	seen.until(is("tcp://x:1"))
	all, err := a.Resolve(soon(t), "orders")
	if err != nil || addresses(all) != "tcp://x:1" {
		t.Errorf("resolved %v, %v", all, err)
	}
	a.Advertise("orders", at(1)) // at a key that is taken
	a.Advertise("orders", at(2))
	seen.until(func(s string) bool {
		return s == "tcp://x:1 "+at(1).Address+" "+at(2).Address || s == "tcp://x:1 "+at(2).Address+" "+at(1).Address
	})
	if n := logged.Load(); n != 6 {
		t.Errorf("%d warnings for 6 keys", n)
	}
	c, told := claim(t, a, "orders")
	_, err = a.client.Delete(soon(t), "/sockeye/shop/claim/orders/garbage")
	must(t, err)
	owns(told) // the garbage was before it
	if !c.Holds() {
		t.Error("it does not hold")
	}
}

func TestConfig(t *testing.T) {
	client := etcdtest.Client(t, "127.0.0.1:1")
	good := Config{Client: client, Cluster: "shop", Member: "a"}
	for name, change := range map[string]func(*Config){
		"no client":      func(c *Config) { c.Client = nil },
		"no cluster":     func(c *Config) { c.Cluster = "" },
		"a slash":        func(c *Config) { c.Cluster = "a/b" },
		"no member":      func(c *Config) { c.Member = "" },
		"a long name":    func(c *Config) { c.Member = strings.Repeat("a", 129) },
		"an umlaut":      func(c *Config) { c.Member = "ä" },
		"a short TTL":    func(c *Config) { c.TTL = time.Second },
		"half seconds":   func(c *Config) { c.TTL = 2500 * time.Millisecond },
		"a long TTL":     func(c *Config) { c.TTL = 2 * time.Hour },
		"no endpoint":    func(c *Config) { c.Info.Wire = "10.0.0.1:5" },
		"no key":         func(c *Config) { c.Info.ServerKey = "short" },
		"a host of what": func(c *Config) { c.Info.Host = "a b" },
	} {
		cfg := good
		change(&cfg)
		if _, err := Join(context.Background(), cfg); err == nil || errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if cfg, err := good.checked(); err != nil || cfg.TTL != 3*time.Second {
		t.Errorf("the defaults: %v, %v", cfg.TTL, err)
	}
}

// Names that are none are refused, or do nothing.
func TestNames(t *testing.T) {
	t.Parallel()
	e := etcdtest.Embedded(t)
	a := member(t, e, "a")
	for _, name := range []string{"", "a/b", "ü", strings.Repeat("x", 129)} {
		if _, err := a.Resolve(soon(t), name); err == nil {
			t.Errorf("resolved %q", name)
		}
		if _, err := a.Claim(name, nil); err == nil {
			t.Errorf("claimed %q", name)
		}
		a.Advertise(name, at(1))()
		a.Follow(name, func([]Entry) { t.Errorf("followed %q", name) })()
	}
	a.Advertise("orders", Record{Address: "nowhere"})()
	got, err := a.client.Get(soon(t), a.prefix+"name/", clientv3.WithPrefix())
	if err != nil || len(got.Kvs) != 0 {
		t.Errorf("there stands %v, %v", got, err)
	}
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
					if err := c.Resign(within(t, time.Second)); err != nil {
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
