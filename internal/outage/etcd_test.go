package outage

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

// etcdOutages are what is done to the only etcd there is, and for how long.
var etcdOutages = []struct {
	name    string
	last    time.Duration
	short   bool // in every test run
	forgets bool // who owns what
	slow    bool // it answers, late: the owner goes on
	do      func(s *scene) (mend func())
}{
	{"etcd killed, back after 8 s", 8 * time.Second, true, false, false, func(s *scene) func() {
		s.of["etcd"].Kill()
		return s.startEtcd
	}},
	{"etcd killed, back after 60 s", time.Minute, false, false, false, func(s *scene) func() {
		s.of["etcd"].Kill()
		return s.startEtcd
	}},
	{"etcd stopped for 8 s", 8 * time.Second, false, false, false, func(s *scene) func() {
		s.of["etcd"].Signal(syscall.SIGSTOP)
		return func() { s.of["etcd"].Signal(syscall.SIGCONT) }
	}},
	{"etcd stopped nine tenths of 10 s", 10 * time.Second, false, false, true, func(s *scene) func() {
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				s.of["etcd"].Signal(syscall.SIGSTOP)
				time.Sleep(450 * time.Millisecond)
				s.of["etcd"].Signal(syscall.SIGCONT)
				select {
				case <-time.After(50 * time.Millisecond):
				case <-stop:
					return
				}
			}
		}()
		return func() { close(stop); <-stopped }
	}},
	{"etcd's disk wiped, back after 1 s", time.Second, false, true, false, wiped},
	{"etcd's disk wiped, back after 8 s", 8 * time.Second, true, true, false, wiped},
}

func wiped(s *scene) func() {
	s.of["etcd"].Kill()
	return func() {
		if err := os.RemoveAll(filepath.Join(s.dir, "member")); err != nil {
			s.t.Error(err)
		}
		s.startEtcd()
	}
}

// While etcd is away the owner stops at its deadline and nobody takes its place; when it is back somebody serves
// again, and tokens only rise, whatever etcd has forgotten.
func TestEtcd(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	s := stage(t)
	rig.Until(t, "somebody answers", func() bool { _, ok := s.after(0); return ok })
	for _, o := range etcdOutages {
		if !o.short && !*long {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			before := s.owner()
			began := now()
			mend := o.do(s)
			<-time.After(o.last) // how long the outage is, which is what is tested
			closed := s.lastReply()
			mend()
			back := now()
			after := s.owner()
			if o.forgets { // until then it may be the owner of before, within its deadline
				rig.Until(t, "another owner answers", func() (ok bool) { after, ok = s.later(before.token); return ok })
			}
			s.settle()
			both, stale := s.check()
			who := "the same owner"
			if after.token != before.token {
				who = "another token"
			}
			t.Logf("%-34s last reply after %5.2f s, first again %5.2f s after its return, %s; two at once %d, stale replies %d",
				o.name, (closed.answered - began).Seconds(), (after.answered - back).Seconds(), who, both, stale)
			if o.slow {
				if after.token != before.token || closed.asked-began < o.last/2 {
					t.Errorf("it was %+v, it is %+v, and did not answer after %v", before, after, closed.asked-began)
				}
			} else if closed.asked-began > *ttl {
				t.Errorf("what was asked %v after etcd had gone was answered", closed.asked-began)
			}
		})
	}
}

func (s *scene) lastReply() reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.MaxFunc(s.replies, func(a, b reply) int { return cmp.Compare(a.asked, b.asked) })
}
