package automanaged

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	protocluster "github.com/asynkron/protoactor-go/cluster"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// process is a member as the test sees it.
type process struct {
	*peer.Process
	id, address string
}

// hub is what every identity connects to: it answers with an exclamation mark.
func hub(t *testing.T) string {
	r := rig.Start(t, zmqthread.Config{})
	desk := r.Actor(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			c.Respond(messages.Text(m.Text() + "!"))
		}
	})
	return r.At(r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(desk)}))[0]
}

// ports are of this machine, free, and none that a connection gets by chance: those lie above.
func ports(t *testing.T, n int) (all []string) {
	for len(all) < n {
		port := fmt.Sprint(10000 + rand.N(20000))
		if l, err := net.Listen("tcp", "0.0.0.0:"+port); err == nil && !slices.Contains(all, port) {
			all = append(all, port)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

// pair starts two members, which know each other's health servers, and returns when both have started.
func pair(t *testing.T) (a, b *process) {
	t.Helper()
	at, free := hub(t), ports(t, 2)
	log := filepath.Join(t.TempDir(), "race")
	races := "GORACE=exitcode=0 atexit_sleep_ms=10 log_path=" + log
	t.Cleanup(func() { ourRaces(t, log) })
	var all []*process
	for _, port := range free {
		how := strings.Join([]string{at, port, "127.0.0.1:" + free[0], "127.0.0.1:" + free[1]}, " ")
		all = append(all, &process{Process: peer.StartEnv(t, []string{asMember + "=" + how, races}, os.Args[0])})
	}
	for _, p := range all {
		p.id, p.address, _ = strings.Cut(p.Await("started "), " ")
	}
	return all[0], all[1]
}

var (
	access = regexp.MustCompile(`(?m)^(?:Previous |)(?:[Rr]ead|[Ww]rite|[Aa]tomic \w+) at .*\n((?:  .*\n)+)`)
	// frame is the innermost one that is not the standard library's or a dependency's.
	frame = regexp.MustCompile(`(?m)^  github\.com/(?:sockeye-mq|asynkron)/.*$`)
)

// ourRaces reports the data races of members in which code of this repository makes one of the accesses. Proto.Actor's cluster has some of its
// own.
func ourRaces(t *testing.T, log string) {
	files, _ := filepath.Glob(log + ".*")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		}
		for report := range strings.SplitSeq(string(text), "==================") {
			var by []string
			for _, stack := range access.FindAllStringSubmatch(report, -1) {
				by = append(by, frame.FindString(stack[1]))
			}
			if who := strings.Join(by, " and "); strings.Contains(who, "sockeye-mq") {
				t.Error(report)
			} else if who != "" {
				t.Log("Proto.Actor races with itself: ", who)
			}
		}
	}
}

// of returns n identities that belong to p when both are there.
func (p *process) of(n int, other *process) (found []string) {
	ring := protocluster.NewRendezvous()
	var members protocluster.Members
	for _, one := range []*process{p, other} {
		var port int32
		fmt.Sscanf(one.address, "127.0.0.1:%d", &port)
		members = append(members, &protocluster.Member{Id: one.id, Host: "127.0.0.1", Port: port, Kinds: []string{"feed"}})
	}
	ring.UpdateMembers(members)
	for i := 0; len(found) < n; i++ {
		identity := fmt.Sprint("identity-", i)
		if ring.GetByClusterIdentity(protocluster.NewClusterIdentity(identity, "feed")) == p.address {
			found = append(found, identity)
		}
	}
	return found
}

// ask asks for an identity until its answer comes from where it belongs.
func (p *process) ask(t *testing.T, identity string, from *process) {
	t.Helper()
	want := from.address + " " + identity + "!"
	rig.Until(t, "the answer comes from where the identity belongs", func() bool {
		p.Tell("ask " + identity + " " + identity)
		return p.Await("answer ") == want
	})
}

func (p *process) open() []string {
	p.Tell("open")
	all := strings.Fields(p.Await("open"))
	slices.Sort(all)
	return all
}

// meet has both members ask for everything, and returns when each identity is open once, where it belongs.
func meet(t *testing.T, a, b *process, ofA, ofB []string) {
	t.Helper()
	for _, p := range []*process{a, b} {
		for _, identity := range ofA {
			p.ask(t, identity, a)
		}
		for _, identity := range ofB {
			p.ask(t, identity, b)
		}
	}
	slices.Sort(ofA)
	slices.Sort(ofB)
	rig.Until(t, "each is open once, where it belongs", func() bool {
		return slices.Equal(a.open(), ofA) && slices.Equal(b.open(), ofB)
	})
}

// Identities are activated on the member they belong to, and reached by PID from both. When a member is killed, a keeper on the other has its
// identities open there, and nobody has asked for them.
func TestKilled(t *testing.T) {
	a, b := pair(t)
	ofA, ofB := a.of(3, b), b.of(2, a)
	meet(t, a, b, ofA, ofB)
	b.Tell("keep " + strings.Join(ofA, " "))
	a.Kill()
	killed := time.Now()
	all := slices.Sorted(slices.Values(append(slices.Clone(ofA), ofB...)))
	rig.Until(t, "all are open on the other one", func() bool { return slices.Equal(b.open(), all) })
	t.Logf("%d identities of a killed member are open again after %v", len(ofA), time.Since(killed))
	b.ask(t, ofA[0], b)
}

// A member leaves: whoever asks then gets an activation on the other one.
func TestLeft(t *testing.T) {
	a, b := pair(t)
	ofA, ofB := a.of(2, b), b.of(2, a)
	meet(t, a, b, ofA, ofB)
	a.Tell("leave")
	if err := a.Await("left "); err != "<nil>" {
		t.Error(err)
	}
	if err := a.Wait(); err != nil {
		t.Error(err)
	}
	b.ask(t, ofA[0], b)
	b.ask(t, ofB[0], b)
}
