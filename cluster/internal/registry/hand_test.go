package registry

import (
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// What somebody deletes by hand is put again at once, and the owner goes on as the same one.
func TestDeletedByHand(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		a, b := member(t, e, "a", long), member(t, e, "b", long)
		orders, desk := follow_(t, b, "orders"), follow_(t, b, "desk")
		withdraw := a.Advertise("orders", at(1))
		c, told := claim(t, a, "desk")
		token, lease := owns(told), a.lease
		must(t, c.Announce(soon(t), at(2)))
		orders.until(is(at(1).Address))
		desk.until(is(at(2).Address))
		all := []string{a.records("orders"), a.records("desk"), a.member(), a.mark("desk")}
		for i := range 3 * len(all) {
			key := all[i%len(all)]
			gone, err := b.client.Delete(soon(t), key, clientv3.WithPrefix())
			must(t, err)
			if gone.Deleted != 1 {
				t.Errorf("%d keys deleted at %s", gone.Deleted, key)
			}
			rig.Until(t, key+" stands again", func() bool {
				got, err := b.client.Get(soon(t), key, clientv3.WithPrefix())
				return err == nil && len(got.Kvs) == 1 && got.Kvs[0].Lease == int64(lease.id)
			})
		}
		told.none()
		if !c.Holds() || c.Token() != token || a.lease != lease {
			t.Errorf("holds %v with %d, before %d; the same lease %v", c.Holds(), c.Token(), token, a.lease == lease)
		}
		withdraw() // it is put again only while it is wanted
		must(t, c.Resign(soon(t)))
		rig.Until(t, "nothing is left", func() bool {
			got, err := b.client.Get(soon(t), a.prefix, clientv3.WithPrefix(), clientv3.WithKeysOnly())
			return err == nil && len(got.Kvs) == 3 // the members and the base
		})
		orders.until(is(""))
		desk.until(is(""))
		if a.mu.Lock(); len(a.topics) != 2 {
			t.Errorf("%d topics are left", len(a.topics))
		}
		a.mu.Unlock()
	})
}

// The key of an owner's claim is deleted by hand, and the owner does not know: whoever is next waits until it does.
func TestHandedOverByHand(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		a, b := member(t, e, "a", long), member(t, e, "b", long)
		ca, ta := claim(t, a, "orders")
		cb, tb := claim(t, b, "orders")
		first := int64(0)
		rig.Until(t, "both are in the queue, and one owns", func() bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			return (ca.Holds() || cb.Holds()) && len(cb.topic.state) == 2
		})
		if cb.Holds() {
			a, b, ca, cb, ta, tb = b, a, cb, ca, tb, ta
		}
		first = owns(ta)
		func() {
			a.mu.Lock() // it hears nothing
			defer a.mu.Unlock()
			_, err := b.client.Delete(soon(t), ca.key.at)
			must(t, err)
			rig.Until(t, "the next one is first, and knows", func() bool {
				b.mu.Lock()
				defer b.mu.Unlock()
				return cb.held.Load() != nil || cb.mark != nil && cb.mark.blocked != 0
			})
			if ca.held.Load() != nil && cb.held.Load() != nil {
				t.Error("two own it")
			}
		}()
		loses(ta, ErrClaimGone)
		if second := owns(tb); second <= first {
			t.Errorf("token %d after %d", second, first)
		}
		must(t, cb.Resign(soon(t)))
		owns(ta) // it was at the end of the queue
	})
}

// The same with an owner that never hears of it: the next one owns when its lease is over.
func TestHandedOverByDead(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		b := member(t, e, "b")
		p := process(t, e, "a", t.TempDir()+"/a")
		p.Tell("claim orders")
		p.Await("status orders true ")
		c, told := claim(t, b, "orders")
		p.Kill()
		_, err := b.client.Delete(soon(t), b.candidates("orders")+"a-1")
		must(t, err)
		rig.Until(t, "it is first, and knows", func() bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			return c.held.Load() != nil || c.mark != nil && c.mark.blocked != 0
		})
		owns(told)
		got, err := b.client.Get(soon(t), b.prefix+"member/a")
		must(t, err)
		if len(got.Kvs) != 0 {
			t.Error("it owns, and the lease of the one before is not over")
		}
	})
}

// A claim whose key somebody has deleted is lost, and begins again.
func TestKeyDeleted(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		a := member(t, e, "a")
		c, told := claim(t, a, "orders")
		first := owns(told)
		must(t, c.Announce(soon(t), at(1)))
		_, err := a.client.Delete(soon(t), c.key.at)
		must(t, err)
		loses(told, ErrClaimGone)
		if second := owns(told); second <= first {
			t.Errorf("token %d after %d", second, first)
		}
		rig.Until(t, "its record is gone", func() bool {
			all, err := a.Resolve(soon(t), "orders")
			return err == nil && len(all) == 0
		})
		must(t, c.Announce(soon(t), at(2)))
		_, err = a.client.Delete(soon(t), a.member()) // or its member's record
		must(t, err)
		a.Advertise("more", at(3))
		follow_(t, a, "more").until(is(at(3).Address))
		told.none()
	})
}

// The key of a member's record may be gone while an owner was paused with its lease alive: it does not hold again.
func TestDeletedWhilePaused(t *testing.T) {
	t.Parallel()
	e := etcdtest.Embedded(t)
	a, b := member(t, e, "a"), member(t, e, "b")
	c, told := claim(t, a, "orders")
	owns(told)
	l := a.lease
	l.deadline.Store(now() - 1) // as after a pause
	if c.Holds() {
		t.Error("it holds after its deadline")
	}
	a.mu.Lock() // the watch is not heard
	_, err := b.client.Delete(soon(t), c.key.at)
	a.mu.Unlock()
	must(t, err)
	a.renew(l, now(), ttl)
	if c.Holds() {
		t.Error("it holds, and its key is gone")
	}
	loses(told, ErrClaimGone)
}
