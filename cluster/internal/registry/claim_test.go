package registry

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestClaim(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		a, b := member(t, e, "a"), member(t, e, "b")
		seen := follow_(t, a, "orders")
		ca, ta := claim(t, a, "orders")
		first := owns(ta)
		if !ca.Holds() || ca.Token() != first {
			t.Errorf("holds %v with %d, told %d", ca.Holds(), ca.Token(), first)
		}
		if _, err := a.Claim("orders", nil); !errors.Is(err, ErrClaimed) {
			t.Errorf("a second claim: %v", err)
		}
		must(t, ca.Announce(soon(t), at(1)))
		seen.until(is(at(1).Address))
		must(t, ca.Announce(soon(t), at(2)))
		seen.until(is(at(2).Address))
		cb, tb := claim(t, b, "orders")
		var not *NotOwnerError
		if err := cb.Announce(soon(t), at(3)); !errors.As(err, &not) || cb.Holds() || cb.Token() != 0 {
			t.Errorf("announced by who does not own: %v", err)
		}
		tb.none()
		must(t, ca.Withdraw(soon(t)))
		must(t, ca.Withdraw(soon(t)))
		seen.until(is(""))
		must(t, ca.Announce(soon(t), at(4)))
		lease := a.lease
		must(t, ca.Resign(soon(t)))
		must(t, ca.Resign(soon(t)))
		if second := owns(tb); second <= first {
			t.Errorf("token %d after %d", second, first)
		}
		if left, err := b.client.TimeToLive(soon(t), lease.id); err != nil || left.TTL <= 0 {
			t.Errorf("it was not handed over: the lease of the one before is over: %+v, %v", left, err)
		}
		ta.none()
		if ca.Holds() || ca.Announce(soon(t), at(5)) == nil {
			t.Error("it holds what it has resigned")
		}
		must(t, cb.Announce(soon(t), at(6)))
		all, err := a.Resolve(soon(t), "orders")
		if err != nil || addresses(all) != at(6).Address || all[0].Token != cb.Token() || all[0].Member != "b" {
			t.Errorf("resolved %+v, %v", all, err)
		}
		// Leave hands over at once, too.
		_, ta = claim(t, a, "orders")
		must(t, b.Leave(soon(t)))
		loses(tb, ErrLeft)
		owns(ta)
		if cb.Holds() {
			t.Error("it holds, and has left")
		}
	})
}

// Many names by each of three members: each is owned once, and handed on.
func TestManyClaims(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		const many = 100
		var members []*Registry
		var claims [][]*Claim
		for i := range 3 {
			r := member(t, e, fmt.Sprint("m", i))
			members = append(members, r)
			claims = append(claims, nil)
			for n := range many {
				c, err := r.Claim(fmt.Sprint("n", n), nil)
				must(t, err)
				claims[i] = append(claims[i], c)
			}
		}
		held := func(i int) (n int) {
			for _, c := range claims[i] {
				if c.Holds() {
					n++
				}
			}
			return n
		}
		rig.Until(t, "all are owned", func() bool { return held(0)+held(1)+held(2) == many })
		must(t, members[0].Leave(soon(t)))
		rig.Until(t, "all are owned by the others", func() bool { return held(0) == 0 && held(1)+held(2) == many })
		for _, c := range claims[1] {
			must(t, c.Resign(soon(t)))
		}
		rig.Until(t, "all are owned by the last", func() bool { return held(2) == many })
	})
}

// A lease that etcd has no more is replaced, and everything put again.
func TestLeaseLost(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		lives := newQueue[error](t)
		a := member(t, e, "a", func(c *Config) {
			c.Changed = func(alive bool, err error) {
				if alive != (err == nil) {
					t.Errorf("alive %v with %v", alive, err)
				}
				lives.put(err)
			}
		})
		b := member(t, e, "b")
		seen := follow_(t, b, "orders")
		a.Advertise("orders", at(1))
		gone := a.Advertise("orders", at(2))
		ca, ta := claim(t, a, "desk")
		first := owns(ta)
		must(t, ca.Announce(soon(t), at(3)))
		_, tb := claim(t, b, "desk")
		seen.until(is(at(1).Address + " " + at(2).Address))
		lost := a.lease.id
		_, err := b.client.Revoke(soon(t), lost)
		must(t, err)
		gone()
		loses(ta, nilOr(ta, ErrLeaseLost, ErrClaimGone))
		if got := lives.next(); got != ErrLeaseLost {
			t.Errorf("told %v", got)
		}
		if got := lives.next(); got != nil {
			t.Errorf("told %v", got)
		}
		if second := owns(tb); second <= first {
			t.Errorf("token %d after %d", second, first)
		}
		seen.until(is(at(1).Address))
		if all, err := b.Resolve(soon(t), "desk"); err != nil || len(all) != 0 {
			t.Errorf("what a lost claim had announced: %+v, %v", all, err)
		}
		if a.lease.id == lost || ca.Holds() {
			t.Error("the lost lease is in use")
		}
		must(t, b.Leave(soon(t)))
		owns(ta) // it was still in the queue, at its end
	})
}

// nilOr is why the next loss will be told: whichever was seen first.
func nilOr(q *queue[Status], either ...error) error {
	s := q.next()
	q.c <- s
	if len(q.c) == 1 && slices.Contains(either, s.Err) {
		return s.Err
	}
	q.t.Fatalf("told %+v", s)
	return nil
}

// Who learns late that the key of a claim is gone, which was resigned meanwhile, does not put it again.
func TestResignedMeanwhile(t *testing.T) {
	t.Parallel()
	e := etcdtest.Embedded(t)
	a := member(t, e, "a")
	c, told := claim(t, a, "orders")
	owns(told)
	must(t, c.Resign(soon(t)))
	a.mu.Lock()
	c.gone()
	a.mu.Unlock()
	_, told = claim(t, a, "orders")
	owns(told)
}

// The next owner of what a process owned that was killed, on an etcd that does nothing else.
func TestKilledOwner(t *testing.T) {
	e := etcdtest.System(t)
	b := member(t, e, "b")
	p := process(t, e, "a", filepath.Join(t.TempDir(), "a"))
	p.Tell("claim orders")
	first, err := strconv.ParseInt(p.Await("status orders true "), 10, 64)
	must(t, err)
	_, told := claim(t, b, "orders")
	told.none()
	p.Tell("die")
	died, err := strconv.ParseInt(p.Await("dying "), 10, 64)
	must(t, err)
	second := owns(told)
	if after := time.Duration(boottime() - died); after > ttl+500*time.Millisecond || second <= first {
		t.Errorf("token %d after %d, owned %v after its owner was killed", second, first, after)
	} else {
		t.Log("owned", after, "after its owner was killed")
	}
}

// Whoever was paused for longer than its lease does not hold when it wakes.
func TestPausedOwner(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		b := member(t, e, "b")
		file := filepath.Join(t.TempDir(), "a")
		p := process(t, e, "a", file)
		p.Tell("claim orders")
		p.Await("status orders true ")
		rig.Until(t, "it holds", func() bool { return len(notes(t, file+".orders")) == 1 })
		c, told := claim(t, b, "orders")
		p.Signal(syscall.SIGSTOP)
		paused := time.Now()
		second := owns(told)
		took := boottime()
		if !c.Holds() {
			t.Error("the next owner does not hold")
		}
		time.Sleep(2*ttl - time.Since(paused)) // what is tested is that much of a pause
		p.Signal(syscall.SIGCONT)
		p.Await("status orders false")
		must(t, c.Resign(soon(t)))
		third, err := strconv.ParseInt(p.Await("status orders true "), 10, 64)
		must(t, err)
		rig.Until(t, "it holds again", func() bool { return len(notes(t, file+".orders")) == 2 })
		all := notes(t, file+".orders")
		if all[0].Last >= took || all[0].Token >= second || third <= second || all[1].First <= took {
			t.Errorf("held until %d with token %d, the other owned at %d with %d, then held with %d",
				all[0].Last, all[0].Token, took, second, third)
		}
	})
}

// An answer that is older than what the watch has seen meanwhile is not the last word.
func TestStaleAnswer(t *testing.T) {
	t.Parallel()
	e := etcdtest.Embedded(t)
	a, b := member(t, e, "a"), member(t, e, "b")
	ca, ta := claim(t, a, "orders")
	owns(ta)
	cb, tb := claim(t, b, "orders")
	rig.Until(t, "both are in the queue, and b has its answer", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		if cb.topic.rev < cb.key.rev || len(cb.topic.state) != 2 || cb.key.ask {
			return false
		}
		cb.key.ask = true // it was asked again, and the answer is under way
		return true
	})
	before := ca.key.rev
	must(t, ca.Resign(soon(t)))
	rig.Until(t, "the watch of b knows", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(cb.topic.state) == 1
	})
	tb.none()
	b.mu.Lock()
	cb.key.ask = false
	cb.settled(outcome{first: kv{create: before}})
	b.mu.Unlock()
	owns(tb)
}
