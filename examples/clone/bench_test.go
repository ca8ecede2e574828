package main

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// testBeat leaves a busy machine time: a server that sends no HUGZ for three of them is replaced.
const testBeat = 300 * time.Millisecond

func python(t *testing.T, args ...string) *peer.Process {
	t.Helper()
	return peer.Start(t, peer.Python(t, "zmq"), append([]string{"testdata/peer.py"}, args...)...)
}

// bench is where servers and clients live.
type bench struct {
	*rig.Rig
	paths [2]string // of the primary and the backup
}

func start(t *testing.T) *bench {
	r := rig.Start(t, zmqthread.Config{})
	dir := r.Dir()
	return &bench{r, [2]string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}}
}

// server starts one of our pair: 0 is the primary.
func (b *bench) server(i int) *server {
	b.T.Helper()
	s := &server{thread: b.Thread, primary: i == 0, me: ipcSite(b.paths[i]), peer: ipcSite(b.paths[1-i]), beat: testBeat, most: most}
	if err := s.spawn(b.System, fmt.Sprint("server", i)); err != nil {
		b.T.Fatal(err)
	}
	b.T.Cleanup(func() { b.Stop(s.parent) })
	return s
}

// pair starts both of ours, and returns when the primary is active and the backup has a copy.
func (b *bench) pair() (both [2]*server) {
	b.T.Helper()
	both = [2]*server{b.server(0), b.server(1)}
	probe := b.client("probe", "", ipcSite(b.paths[0]))
	rig.Until(b.T, "the primary is active", func() bool { return b.look(probe).live && b.counted(both[1]).live })
	b.Stop(probe.parent)
	return both
}

// client starts one of ours.
func (b *bench) client(name, subtree string, sites ...site) *client {
	b.T.Helper()
	if sites == nil {
		sites = []site{ipcSite(b.paths[0]), ipcSite(b.paths[1])}
	}
	k := &client{thread: b.Thread, servers: sites, subtree: subtree, silent: 4 * testBeat, most: most}
	if err := k.spawn(b.System, name); err != nil {
		b.T.Fatal(err)
	}
	b.T.Cleanup(func() { b.Stop(k.parent) })
	return k
}

// set sets prefix0 and so on, and returns when all are confirmed.
func (b *bench) set(k *client, prefix string, n int, ttl time.Duration) {
	b.T.Helper()
	for i := range n {
		if _, err := messages.Call(b.Ctx, b.Root, k.self, set{fmt.Sprint(prefix, i), fmt.Sprint("v", i), ttl}); err != nil {
			b.T.Fatalf("%s%d: %v", prefix, i, err)
		}
	}
}

func (b *bench) look(k *client) view {
	b.T.Helper()
	v, err := messages.Call(b.Ctx, b.Root, k.self, look{})
	if err != nil {
		b.T.Fatal(err)
	}
	return v.(view)
}

func (b *bench) counted(s *server) counts {
	b.T.Helper()
	n, err := messages.Call(b.Ctx, b.Root, s.self, howMany{})
	if err != nil {
		b.T.Fatal(err)
	}
	return n.(counts)
}

// sees waits until a client follows a server and has exactly what set has set with these prefixes.
func (b *bench) sees(k *client, n int, prefixes ...string) {
	b.T.Helper()
	var v view
	rig.Until(b.T, fmt.Sprintf("%s sees %d times %q", k.subtree, n, prefixes), func() bool {
		v = b.look(k)
		return v.live && len(v.values) == n*len(prefixes)
	})
	for _, prefix := range prefixes {
		for i := range n {
			if got := v.values[fmt.Sprint(prefix, i)]; got != fmt.Sprint("v", i) {
				b.T.Errorf("%s%d is %q", prefix, i, got)
			}
		}
	}
	if v.malformed != 0 {
		b.T.Errorf("%d malformed", v.malformed)
	}
}
