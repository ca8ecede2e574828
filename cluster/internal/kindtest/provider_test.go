package kindtest

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	protocluster "github.com/asynkron/protoactor-go/cluster"
)

// told is a provider that knows of the members what the test tells it, in each process when the test
// wants it.
type told struct {
	mu    sync.Mutex
	how   string        // guarded by mu: well, hangs, fails, panics
	hangs chan struct{} // guarded by mu: closed when it goes on
	shuts atomic.Int32
}

func (p *told) behave(how string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.how, p.hangs = how, make(chan struct{})
}

func (p *told) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.hangs)
}

// StartMember implements protocluster.ClusterProvider.
func (p *told) StartMember(*protocluster.Cluster) error {
	p.mu.Lock()
	how, hangs := p.how, p.hangs
	p.mu.Unlock()
	switch how {
	case "hangs":
		<-hangs
	case "fails":
		return errors.New("as it must be")
	case "panics":
		panic("at the disco")
	}
	return nil
}

// StartClient implements protocluster.ClusterProvider.
func (p *told) StartClient(*protocluster.Cluster) error { return nil }

// Shutdown implements protocluster.ClusterProvider.
func (p *told) Shutdown(bool) error {
	p.shuts.Add(1)
	p.mu.Lock()
	how, hangs := p.how, p.hangs
	p.mu.Unlock()
	if how == "stays" {
		<-hangs
	}
	return nil
}

// tell updates the members: each is id@host:port, and has both kinds.
func (p *told) tell(c *protocluster.Cluster, all []string) {
	var members protocluster.Members
	for _, one := range all {
		id, address, _ := strings.Cut(one, "@")
		host, port, _ := net.SplitHostPort(address)
		n, _ := strconv.Atoi(port)
		members = append(members, &protocluster.Member{Id: id, Host: host, Port: int32(n), Kinds: []string{"feed", "greeter"}})
	}
	c.MemberList.UpdateClusterTopology(members)
}
