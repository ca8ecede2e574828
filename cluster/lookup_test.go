package cluster_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	protocluster "github.com/asynkron/protoactor-go/cluster"

	"github.com/sockeye-mq/sockeye/cluster"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// slow is a lookup that answers when it is told to.
type slow struct {
	asked  chan string // an identity, for every Get that begins
	answer chan *actor.PID

	mu    sync.Mutex
	shuts int // guarded by mu
}

func newSlow() *slow {
	return &slow{asked: make(chan string, 10_000), answer: make(chan *actor.PID)}
}

func (s *slow) Get(ci *protocluster.ClusterIdentity) *actor.PID {
	s.asked <- ci.Identity
	pid := <-s.answer
	if pid != nil && pid.Id == "panic" {
		panic("as it must be")
	}
	return pid
}
func (*slow) RemovePid(*protocluster.ClusterIdentity, *actor.PID) {}
func (*slow) Setup(*protocluster.Cluster, []string, bool)         {}
func (s *slow) Shutdown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shuts++
}

func ci(identity string) *protocluster.ClusterIdentity {
	return protocluster.NewClusterIdentity(identity, "feed")
}

// Get ends in time though the inner one hangs; it hangs once for an identity; a late answer helps who waits then.
func TestLookupHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow()
		l := cluster.Lookup(s, 0)
		began := time.Now()
		if pid := l.Get(ci("x")); pid != nil || time.Since(began) != 250*time.Millisecond {
			t.Errorf("%v after %v", pid, time.Since(began))
		}
		l.Get(ci("x"))
		if n := len(s.asked); n != 1 {
			t.Errorf("%d are under way", n)
		}
		go func() {
			time.Sleep(100 * time.Millisecond)
			s.answer <- actor.NewPID("a", "late")
		}()
		if pid := l.Get(ci("x")); pid == nil || pid.Id != "late" {
			t.Error(pid)
		}
		go func() { s.answer <- actor.NewPID("a", "new") }()
		if pid := l.Get(ci("x")); pid == nil || pid.Id != "new" {
			t.Errorf("a late answer was kept: %v", pid)
		}
		go func() { s.answer <- actor.NewPID("a", "panic") }()
		if pid := l.Get(ci("x")); pid != nil {
			t.Error(pid)
		}
	})
}

// There are 1,024 at most, whatever they are asked for, and then there is room again.
func TestLookupBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow()
		l := cluster.Lookup(s, time.Second)
		for i := range 1024 {
			go l.Get(ci(fmt.Sprint(i)))
		}
		synctest.Wait()
		began := time.Now()
		if pid := l.Get(ci("one more")); pid != nil || time.Since(began) != 0 || len(s.asked) != 1024 {
			t.Errorf("%v after %v, %d are under way", pid, time.Since(began), len(s.asked))
		}
		for range 1024 {
			s.answer <- nil
		}
		synctest.Wait()
		go func() { s.answer <- actor.NewPID("a", "x") }()
		if l.Get(ci("one more")) == nil {
			t.Error("no room again")
		}
	})
}

// After a change of the topology nobody waits for whom was asked before, and his answer is not believed.
func TestLookupTopology(t *testing.T) {
	system := rig.System(t)
	c := protocluster.New(system, protocluster.Configure("test", nil, nil, nil))
	s := newSlow()
	l := cluster.Lookup(s, time.Minute)
	l.Setup(c, nil, false)
	old := make(chan *actor.PID)
	go func() { old <- l.Get(ci("x")) }()
	await(t, s.asked)
	system.EventStream.Publish(&protocluster.ClusterTopology{})
	young := make(chan *actor.PID)
	go func() { young <- l.Get(ci("x")) }()
	await(t, s.asked) // the same identity, again
	s.answer <- actor.NewPID("a", "1")
	s.answer <- actor.NewPID("a", "2")
	if a, b := <-old, <-young; a != nil || b == nil {
		t.Errorf("before the change %v, after it %v", a, b)
	}
	l.Shutdown()
	l.Shutdown()
	if s.shuts != 1 {
		t.Errorf("shut down %d times", s.shuts)
	}
}

func await(t *testing.T, asked chan string) {
	t.Helper()
	select {
	case <-asked:
	case <-time.After(rig.Patience):
		t.Fatal("nobody asks")
	}
}

// The pauses grow, to half a second, and go on until the timeout.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cfg protocluster.GrainCallConfig
		cluster.Pause()(&cfg)
		n := 0
		for _, want := range []time.Duration{10, 20, 40, 80, 160, 320, 500, 500} {
			began := time.Now()
			n = cfg.RetryAction(n)
			if got := time.Since(began); got != want*time.Millisecond {
				t.Errorf("pause %d is %v", n, got)
			}
		}
		if n != 8 || cfg.RetryCount < 1_000_000 {
			t.Error(n, cfg.RetryCount)
		}
		began := time.Now()
		if cfg.RetryAction(1 << 40); time.Since(began) != 500*time.Millisecond {
			t.Error(time.Since(began))
		}
	})
}
