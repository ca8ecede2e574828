package outage

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

var (
	long = flag.Bool("all", false, "all outages, of 12 s each")
	ttl  = flag.Duration("ttl", 3*time.Second, "of the leases")
)

var members = []string{"anna", "bert", "cleo"}

// scene is a cluster on a network, and what its processes have said.
type scene struct {
	*network
	of  map[string]*peer.Process
	dir string // etcd's

	mu      sync.Mutex
	served  map[int64]*tenure        // guarded by mu: by token
	replies []reply                  // guarded by mu
	failed  map[string]int           // guarded by mu
	alive   map[string]time.Duration // guarded by mu: when a member said so
}

// tenure is when the owner with a token was allowed to serve.
type tenure struct {
	member      string
	token       int64
	first, last time.Duration
}

type reply struct {
	member          string
	token           int64
	asked, answered time.Duration
}

func stage(t *testing.T) *scene {
	s := &scene{network: newNetwork(t, append([]string{"etcd", "client"}, members...)...), of: map[string]*peer.Process{},
		served: map[int64]*tenure{}, failed: map[string]int{}, alive: map[string]time.Duration{}}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	at := "http://" + s.address("etcd", toEtcd) + ":2379"
	s.dir = t.TempDir()
	s.startEtcd()
	for _, name := range append([]string{"client"}, members...) {
		what := "member"
		if name == "client" {
			what = name
		}
		p := s.start(name, []string{asProcess + "=" + strings.Join([]string{what, name, s.address(name, toPeers), at, ttl.String()}, " ")}, self)
		s.of[name] = p
		p.Await("ready")
		go s.listen(p)
	}
	return s
}

func (s *scene) startEtcd() {
	at := "http://" + s.address("etcd", toEtcd) + ":2379"
	s.of["etcd"] = s.start("etcd", nil, "etcd", "--name=test", "--data-dir="+s.dir, "--logger=zap", "--log-level=error",
		"--listen-client-urls="+at, "--advertise-client-urls="+at, "--listen-peer-urls=http://127.0.0.1:2380",
		"--initial-advertise-peer-urls=http://127.0.0.1:2380", "--initial-cluster=test=http://127.0.0.1:2380",
		"--heartbeat-interval=50", "--election-timeout=500")
}

// listen notes what a process says.
func (s *scene) listen(p *peer.Process) {
	for line := range p.Lines() {
		s.mu.Lock()
		var r reply
		var x tenure
		var why string
		if n, _ := fmt.Sscanf(line, "reply %s %d %d %d", &r.member, &r.token, &r.asked, &r.answered); n == 4 {
			s.replies = append(s.replies, r)
		} else if n, _ := fmt.Sscanf(line, "serve %s %d %d %d", &x.member, &x.token, &x.first, &x.last); n == 4 {
			s.served[x.token] = &x
		} else if n, _ := fmt.Sscanf(line, "alive %s %d", &x.member, &x.first); n == 2 {
			s.alive[x.member] = x.first
		} else if n, _ := fmt.Sscanf(line, "failed %s", &why); n == 1 {
			s.failed[why]++
		}
		s.mu.Unlock()
	}
}

// after returns the first reply that was asked for after a time.
func (s *scene) after(t time.Duration) (reply, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.replies, func(r reply) bool { return r.asked > t })
	if i < 0 {
		return reply{}, false
	}
	return s.replies[i], true
}

// owner is who answers now.
func (s *scene) owner() (r reply) {
	s.t.Helper()
	from := now()
	rig.Until(s.t, "somebody answers", func() (ok bool) { r, ok = s.after(from); return ok })
	return r
}

// check says what must not be: two owners that were allowed to serve at once, or a reply of an earlier one after one
// of a later was seen.
func (s *scene) check() (both, stale int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*tenure
	for _, x := range s.served {
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b *tenure) int { return int(a.token - b.token) })
	for i := 1; i < len(all); i++ {
		if all[i-1].last >= all[i].first {
			both++
			s.t.Errorf("%+v and %+v serve at once", *all[i-1], *all[i])
		}
	}
	asked, answered := slices.Clone(s.replies), slices.Clone(s.replies)
	slices.SortFunc(asked, func(a, b reply) int { return int(a.asked - b.asked) })
	slices.SortFunc(answered, func(a, b reply) int { return int(a.answered - b.answered) })
	var latest reply
	for _, r := range asked {
		for ; len(answered) > 0 && answered[0].answered < r.asked; answered = answered[1:] {
			if answered[0].token > latest.token {
				latest = answered[0]
			}
		}
		if r.token < latest.token {
			stale++
			s.t.Errorf("%+v after %+v", r, latest)
		}
	}
	return both, stale
}

// outages are what is done to the owner. What it returns mends it.
var outages = []struct {
	name  string
	short bool // in every test run
	moves bool // somebody else owns then
	do    func(s *scene, owner string) (mend func())
}{
	{"cut from etcd", false, true, func(s *scene, o string) func() { return s.cut(o, toEtcd) }},
	{"cut from its peers", false, false, func(s *scene, o string) func() { return s.cut(o, toPeers) }},
	{"cut from both", true, true, func(s *scene, o string) func() {
		a, b := s.cut(o, toEtcd), s.cut(o, toPeers)
		return func() { a(); b() }
	}},
	{"cannot send to etcd", false, true, func(s *scene, o string) func() { return s.mute(o, "etcd", toEtcd) }},
	{"cannot hear etcd", false, true, func(s *scene, o string) func() { return s.mute("etcd", o, toEtcd) }},
	{"cannot send to the client", false, false, func(s *scene, o string) func() { return s.mute(o, "client", toPeers) }},
	{"cannot hear the client", false, false, func(s *scene, o string) func() { return s.mute("client", o, toPeers) }},
	{"stopped for 11 s", true, true, func(s *scene, o string) func() {
		s.of[o].Signal(syscall.SIGSTOP)
		return func() { s.of[o].Signal(syscall.SIGCONT) }
	}},
}

// Whatever happens to the owner, nobody else serves before it has stopped, and it does not after.
func TestOutage(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	s := stage(t)
	rig.Until(t, "somebody answers", func() bool { _, ok := s.after(0); return ok })
	for _, o := range outages {
		if !o.short && !*long {
			continue
		}
		last := 12 * time.Second
		if strings.HasPrefix(o.name, "stopped") {
			last = 11 * time.Second
		}
		t.Run(o.name, func(t *testing.T) { s.play(t, o.name, last, o.moves, o.do) })
	}
}

func (s *scene) play(t *testing.T, name string, last time.Duration, moves bool, do func(*scene, string) func()) {
	before := s.owner()
	began := now()
	mend := do(s, before.member)
	rest := time.After(last) // how long the outage is, which is what is tested
	var next reply
	if moves {
		rig.Until(t, "another owner answers", func() (ok bool) { next, ok = s.later(before.token); return ok })
	}
	<-rest
	mend()
	after := s.owner()
	s.settle()
	both, stale := s.check()
	old, new := s.tenure(before.token), s.tenure(next.token)
	line := fmt.Sprintf("%-26s", name)
	if moves {
		line += fmt.Sprintf(" closed %5.2f s, next %5.2f s, its first reply %5.2f s;", (old.last - began).Seconds(), (new.first - began).Seconds(), (next.answered - began).Seconds())
	} else if after.token != before.token {
		t.Errorf("the owner was %+v, and is %+v", before, after)
	}
	t.Logf("%s two at once %d, stale replies %d", line, both, stale)
}

func (s *scene) later(token int64) (reply, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.replies, func(r reply) bool { return r.token > token })
	if i < 0 {
		return reply{}, false
	}
	return s.replies[i], true
}

func (s *scene) tenure(token int64) tenure {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.served[token]; x != nil {
		return *x
	}
	return tenure{}
}

// settle waits until every member has had its say since all are well again.
func (s *scene) settle() {
	s.t.Helper()
	from := now()
	rig.Until(s.t, "all members are heard", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, name := range members {
			if s.alive[name] <= from {
				return false
			}
		}
		return true
	})
}
