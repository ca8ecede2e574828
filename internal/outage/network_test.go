package outage

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/peer"
)

// network is two switches and some hosts, each of them a namespace.
type network struct {
	t     testing.TB
	id    int
	hosts map[string]int // by name: its number
}

// The two networks.
const (
	toEtcd  = 1
	toPeers = 2
)

// newNetwork makes a network of these hosts, which goes with the test. It takes root, and is skipped without.
func newNetwork(t testing.TB, hosts ...string) *network {
	if os.Getuid() != 0 {
		t.Skip("network namespaces take root")
	}
	n := &network{t: t, id: os.Getpid() % 10_000, hosts: map[string]int{}}
	if out, err := exec.Command("ip", "netns", "add", n.space("switch")).CombinedOutput(); err != nil {
		t.Skipf("no network namespaces here: %v: %s", err, out)
	}
	t.Cleanup(func() { n.try("ip", "netns", "del", n.space("switch")) })
	for _, side := range []int{toEtcd, toPeers} {
		n.in("switch", "link", "add", bridge(side), "type", "bridge")
		n.in("switch", "link", "set", bridge(side), "up")
	}
	for i, name := range hosts {
		n.hosts[name] = i + 1
		n.must("ip", "netns", "add", n.space(name))
		t.Cleanup(func() { n.try("ip", "netns", "del", n.space(name)) })
		n.in(name, "link", "set", "lo", "up")
		for _, side := range []int{toEtcd, toPeers} {
			end := link(side)
			n.must("ip", "-n", n.space("switch"), "link", "add", port(name, side), "type", "veth", "peer", "name", end, "netns", n.space(name))
			n.in("switch", "link", "set", port(name, side), "master", bridge(side), "up")
			n.in(name, "addr", "add", n.address(name, side)+"/24", "dev", end)
			n.in(name, "link", "set", end, "address", mac(i+1, side), "up")
		}
	}
	return n
}

func (n *network) space(name string) string { return fmt.Sprintf("sockeye-%d-%s", n.id, name) }

func bridge(side int) string            { return fmt.Sprint("br", side) }
func link(side int) string              { return fmt.Sprint("net", side) }
func port(name string, side int) string { return fmt.Sprintf("%.10s-%d", name, side) }
func mac(host, side int) string         { return fmt.Sprintf("02:00:00:00:%02x:%02x", side, host) }

// address is a host's in one of the networks.
func (n *network) address(name string, side int) string {
	return fmt.Sprintf("10.77.%d.%d", side, n.hosts[name])
}

func (n *network) in(name string, args ...string) {
	n.t.Helper()
	n.must("ip", append([]string{"-n", n.space(name)}, args...)...)
}

func (n *network) must(program string, args ...string) {
	n.t.Helper()
	if err := n.try(program, args...); err != nil {
		n.t.Fatal(err)
	}
}

func (n *network) try(program string, args ...string) error {
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %v: %s", program, strings.Join(args, " "), err, out)
	}
	return nil
}

// start starts a program on a host.
func (n *network) start(name string, env []string, program string, args ...string) *peer.Process {
	return peer.StartEnv(n.t, env, "ip", append([]string{"netns", "exec", n.space(name), program}, args...)...)
}

// cut cuts a host off a network, in silence, and returns how to mend that.
func (n *network) cut(name string, side int) (mend func()) {
	n.in("switch", "link", "set", port(name, side), "down")
	return func() { n.in("switch", "link", "set", port(name, side), "up") }
}

// mute has what one host sends to another get lost.
func (n *network) mute(from, to string, side int) (mend func()) {
	set := func(mac string) {
		n.in(from, "neigh", "replace", n.address(to, side), "lladdr", mac, "dev", link(side), "nud", "permanent")
	}
	set("02:00:00:00:ff:ff")
	return func() { set(mac(n.hosts[to], side)) }
}
