package registry

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// After etcd was restarted watches are made again one by one, and none has missed anything.
func TestRewatch(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		const many = 300
		a, b := member(t, e, "a", long), member(t, e, "b", long)
		seen := newQueue[string](t)
		for i := range many {
			t.Cleanup(b.Follow(fmt.Sprint("n", i), func(all []Entry) { seen.put(addresses(all)) }))
		}
		watches := func() int { // of the names, the base and the member's own record
			b.mu.Lock()
			defer b.mu.Unlock()
			return len(b.watcher.ids)
		}
		rig.Until(t, "all are watched", func() bool { return watches() == many+2 })
		for range many {
			seen.next()
		}
		e.Kill()
		for i := range many {
			a.Advertise(fmt.Sprint("n", i), at(i))
		}
		e.Start()
		rig.Until(t, "etcd is back", func() bool { n := watches(); return n > 0 && n < many })
		began, from := time.Now(), watches()
		rig.Until(t, "all are watched again", func() bool { return watches() == many+2 })
		if d, n := time.Since(began), many-from; d < time.Duration(n)*perWatch/2 {
			t.Errorf("%d watches were made in %v", n, d)
		}
		for range many {
			if got := seen.next(); got == "" {
				t.Error("told that nobody is there")
			}
		}
	})
}

// What a process was to be told while it was paused is compacted away: it reads again.
func TestCompacted(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		a := member(t, e, "a")
		p := process(t, e, "b", "")
		p.Tell("follow orders")
		p.Await("follows orders")
		withdraw := a.Advertise("orders", at(1))
		p.Await("follows orders " + at(1).Address)
		p.Signal(syscall.SIGSTOP)
		for i := range 200 { // more than the connection holds
			rec := at(i)
			rec.Address += strings.Repeat("0", 900)
			a.Advertise("orders", rec)()
		}
		withdraw()
		a.Advertise("orders", at(2))
		var rev int64
		rig.Until(t, "it stands", func() bool {
			got, err := a.client.Get(soon(t), a.records("orders"), clientv3.WithPrefix())
			if err != nil || len(got.Kvs) != 1 || !strings.Contains(string(got.Kvs[0].Value), at(2).Address) {
				return false
			}
			rev = got.Header.Revision
			return true
		})
		_, err := a.client.Compact(soon(t), rev, clientv3.WithCompactPhysical())
		must(t, err)
		p.Signal(syscall.SIGCONT)
		for p.Await("follows orders ") != at(2).Address {
		}
	})
}

// A watch that etcd has compacted begins again with a read.
func TestCompactedWatch(t *testing.T) {
	t.Parallel()
	e := etcdtest.Embedded(t)
	a, b := member(t, e, "a"), member(t, e, "b")
	seen := follow_(t, b, "orders")
	a.Advertise("orders", at(1))
	seen.until(is(at(1).Address))
	e.Pause()
	b.mu.Lock() // it hears nothing of what comes
	e.Resume()
	a.Advertise("orders", at(2))
	var rev int64
	rig.Until(t, "it stands", func() bool {
		all, err := a.Resolve(soon(t), "orders")
		if err == nil && len(all) == 2 {
			rev = all[1].Revision
		}
		return rev != 0
	})
	must(t, put(t, a, "x"))
	_, err := a.client.Compact(soon(t), rev+1)
	b.topics[b.records("orders")].rev = 1 // as of long ago
	b.mu.Unlock()
	must(t, err)
	e.Kill() // the stream is made again, from there
	e.Start()
	seen.until(is(at(1).Address + " " + at(2).Address))
	b.Advertise("orders", at(3))
	seen.until(is(at(1).Address + " " + at(2).Address + " " + at(3).Address))
}

func put(t *testing.T, r *Registry, key string) error {
	_, err := r.client.Put(soon(t), key, "")
	return err
}
