package kindtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	protocluster "github.com/asynkron/protoactor-go/cluster"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

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

// of returns n identities that belong to a process when these are there.
func (p *process) of(n int, all ...*process) (found []string) {
	ring := protocluster.NewRendezvous()
	var members protocluster.Members
	for _, one := range all {
		id, _, _ := strings.Cut(one.name, "@")
		var port int32
		fmt.Sscanf(one.at, "127.0.0.1:%d", &port)
		members = append(members, &protocluster.Member{Id: id, Host: "127.0.0.1", Port: port, Kinds: []string{"feed"}})
	}
	ring.UpdateMembers(members)
	for i := 0; len(found) < n; i++ {
		if i == 100_000 {
			p.t.Fatal("the ring has nothing for ", p.name)
		}
		identity := fmt.Sprint("identity-", i)
		if ring.GetByClusterIdentity(protocluster.NewClusterIdentity(identity, "feed")) == p.at {
			found = append(found, identity)
		}
	}
	return found
}

// From every member each identity is the same socket, on the member it belongs to; a user's own kind is there, too. A killed member's
// identities are open on another one, and nobody has asked for them but the keeper.
func TestKind(t *testing.T) {
	at := hub(t)
	a, b, c := launch(t, at), launch(t, at), launch(t, at)
	all := []*process{a, b, c}
	start(t, all...)
	for _, p := range all {
		p.members(all...)
	}
	ofA, ofB := a.of(5, all...), b.of(1, all...)
	for _, p := range all {
		if got := p.do("ask feed", ofA[0], "x"); got != a.at+" x!" {
			t.Errorf("%q", got)
		}
		if got := p.do("ask feed", ofB[0], "y"); got != b.at+" y!" {
			t.Errorf("%q", got)
		}
		if got := p.do("request feed", ofA[0], "z"); got != "z!" {
			t.Errorf("%q", got)
		}
		if got := p.do("put", ofB[0]); got != b.at {
			t.Errorf("%q", got)
		}
		if got := p.do("ask greeter", ofA[0], "x"); got != a.at+" hello x" {
			t.Errorf("%q", got)
		}
	}
	if one, two := a.do("open"), b.do("open"); one != ofA[0] || two != ofB[0] {
		t.Errorf("%q are open on one, %q on the other", one, two)
	}
	b.do("keep", strings.Join(ofA, " "))
	rig.Until(t, "the keeper has opened all", func() bool { return len(strings.Fields(a.do("open"))) == len(ofA) })

	a.cmd.Process.Kill()
	<-a.over
	killed := time.Now()
	b.members(b, c)
	c.members(b, c)
	rig.Until(t, "all are open again", func() bool {
		return len(strings.Fields(b.do("open")+" "+c.do("open"))) == len(ofA)+1
	})
	t.Logf("%d identities of a killed member are open again %v after the others were told", len(ofA), time.Since(killed))
	if got := c.do("request feed", ofA[0], "z"); got != "z!" {
		t.Errorf("%q", got)
	}
}

// A member joins while others ask. Some are told later than others, and until then ask for identities where they
// were: nothing may stay open there.
func TestJoin(t *testing.T) {
	at := hub(t)
	a, b, c := launch(t, at), launch(t, at), launch(t, at)
	start(t, a, b, c)
	a.members(a, b)
	b.members(a, b)
	var identities []string
	for _, p := range []*process{a, b, c} { // of those that move, too
		identities = append(identities, p.of(10, a, b, c)...)
	}
	everything := strings.Join(identities, " ")
	a.do("load", everything)
	b.do("load", everything)
	rig.Until(t, "all are open", func() bool { return len(strings.Fields(a.do("open")+" "+b.do("open"))) >= len(identities) })
	a.members(a, b, c)
	c.members(a, b, c)
	b.do("unload")
	b.do("load", everything)
	b.do("unload") // at least a round since: all that it has asked of a stranger to them
	b.do("load", everything)
	b.members(a, b, c)
	a.do("unload")
	b.do("unload")
	for _, identity := range identities { // so that those of c are there
		b.do("ask feed", identity, "x")
	}
	// Everything that could be asked of the wrong one was asked, and answered: what it has opened closes now or never.
	var open []string
	rig.Until(t, "each is open once", func() bool {
		open = strings.Fields(a.do("open") + " " + b.do("open") + " " + c.do("open"))
		return len(open) == len(identities)
	})
	seen := map[string]int{}
	for _, identity := range open {
		if seen[identity]++; seen[identity] > 1 {
			t.Errorf("%s is open twice", identity)
		}
	}
	for _, p := range []*process{a, b, c} {
		if mine := p.do("open"); len(strings.Fields(mine)) != 10 {
			t.Errorf("%s has %q", p.at, mine)
		}
	}
}

// Whom the others do without is told, closes what it has, and can end.
func TestEvicted(t *testing.T) {
	at := hub(t)
	a, b := launch(t, at), launch(t, at)
	start(t, a, b)
	a.members(a, b)
	b.members(a, b)
	mine := a.of(1, a, b)[0]
	a.do("ask feed", mine, "x")
	evicted := a.begin("evicted")
	a.members(b)
	b.members(b)
	if id := a.await(evicted, "evicted"); id == "" || !strings.HasPrefix(a.name, id+"@") {
		t.Errorf("%q", id)
	}
	rig.Until(t, "it has closed", func() bool { return a.do("open") == "" })
	if got := b.do("ask feed", mine, "x"); got != b.at+" x!" {
		t.Errorf("%q", got)
	}
	if got := a.do("shutdown 10000"); got != "ok" {
		t.Error(got)
	}
}
