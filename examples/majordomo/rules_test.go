package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/examples/majordomo/broker"
	"github.com/sockeye-mq/sockeye/examples/majordomo/mdp"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// Clients and workers of either version understand each other. A client of 0.2 gets partial replies one by
// one if its worker sends them so; one of 0.1 gets all in one reply.
func TestVersions(t *testing.T) {
	for _, w := range versions {
		for _, c := range versions {
			t.Run(fmt.Sprintf("worker %d client %d", w, c), func(t *testing.T) {
				h := newHouse(t, wild, 10*beat)
				var s tally
				h.worker(w, "count", 10*beat, &s, 0)
				p := h.python("client.py", h.at, arg(c), "count", "5", "20000")
				want := "0"
				if w == mdp.V2 && c == mdp.V2 {
					want = "15"
				}
				if right, partials := p.Await("right "), p.Await("partials "); right != "5" || partials != want {
					t.Errorf("theirs: %s replies of 5 are right, with %s partial ones", right, partials)
				}
				h.asks(h.asker(c, 20*time.Second), "count", 0, 5)
				n := h.counts()
				if n.Requests != 10 || n.Replies != 10 || s.got.Load() != 10 || (w == mdp.V2) != (n.Partials == 20) || n.Malformed+n.Disconnected != 0 {
					t.Errorf("%+v", n)
				}
			})
		}
	}
}

// A worker of 0.2 dies behind a partial reply. The client of 0.2, which has had it, asks again itself; that
// of 0.1 has not, and gets its reply from another worker as if nothing had happened.
func TestPartial(t *testing.T) {
	for _, v := range versions {
		t.Run(fmt.Sprint("client ", v), func(t *testing.T) {
			h := newHouse(t, wild, beat)
			lost := h.python("worker.py", h.at, "2", "count", beats, "held")
			lost.Await("ready")
			patience := time.Minute
			if v == mdp.V2 {
				patience = time.Second
			}
			ask, done := h.asker(v, patience), make(chan error, 1)
			go func() { done <- ask("count", "held") }()
			lost.Await("holds")
			rig.Until(t, "there is a partial reply", func() bool { return h.counts().Partials == 1 })
			lost.Kill()
			h.python("worker.py", h.at, "2", "count", beats, "none").Await("ready")
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			n := h.counts()
			if again := n.Again == 1 && n.Dropped == 0 && n.Requests == 1; again != (v == mdp.V1) || n.Partials != 2 && v == mdp.V1 || n.Replies < 1 {
				t.Errorf("%+v", n)
			}
			if v == mdp.V2 && (n.Dropped < 1 || n.Requests < 2) {
				t.Errorf("%+v", n)
			}
		})
	}
}

func TestServices(t *testing.T) {
	h := newHouse(t, wild, beat)
	var s tally
	h.worker(mdp.V2, "echo", beat, &s, 0)
	for _, v := range versions {
		rig.Until(t, "echo is there", func() bool {
			return h.python("client.py", h.at, arg(v), "mmi.service", "0", "10000", "echo").Line() == "echo 200"
		})
		p := h.python("client.py", h.at, arg(v), "mmi.service", "0", "10000", "nothing", "echo", "mmi.service")
		for _, want := range []string{"nothing 404", "echo 200", "mmi.service 404"} {
			if got := p.Line(); got != want {
				t.Errorf("%q, not %q", got, want)
			}
		}
		if got := h.python("client.py", h.at, arg(v), "mmi.other", "0", "10000", "echo").Line(); got != "echo 501" {
			t.Error(got)
		}
	}
}

// A broker that has crashed tells workers of ours to come back, long before they could find it silent. And
// a REQ that puts a number into its envelope has it back.
func TestDisconnected(t *testing.T) {
	h := newHouse(t, wild, 3*beat)
	req := h.Spawn(socket.Config{Type: socket.Req, Connect: []string{h.at}})
	var s tally
	for _, v := range versions {
		h.worker(v, "echo", 3*beat, &s, 0)
	}
	echo := func(text string) {
		t.Helper()
		if reply := h.Ask(req, messages.Text("MDPC01", "echo", text)); reply.Text() != "MDPC01 echo "+text {
			t.Errorf("the echo of %q is %q", text, reply.Text())
		}
	}
	echo("before")
	h.Root.Send(h.broker, broker.Crash{Reason: "on purpose"})
	rig.Until(t, "both workers are told", func() bool { return s.disconnected.Load() >= 2 })
	echo("after")
}

// What a worker says that is valid but not expected is answered by one DISCONNECT, what is malformed by
// none unless it is from a worker. Each line of the script is a worker that says so, and what comes back.
func TestUnexpected(t *testing.T) {
	h := newHouse(t, wild, time.Hour)
	p := peer.Start(t, peer.Python(t, "zmq"), "-c", `
import sys, zmq
context = zmq.Context()
W1, W2, ready1, ready2 = [b"", b"MDPW01"], [b"MDPW02"], [b"", b"MDPW01", b"\1", b"s"], [b"MDPW02", b"\1", b"s"]
end1, end2 = W1 + [b"\5"], W2 + [b"\6"]
for name, says, hears in (
    ("heartbeat first", [W1 + [b"\4"]], [end1]), ("heartbeat first", [W2 + [b"\5"]], [end2]),
    ("reply first", [W1 + [b"\3", b"c", b"", b"x"]], [end1]), ("final first", [W2 + [b"\4", b"c", b"", b"x"]], [end2]),
    ("twice ready", [ready1, ready1], [end1]), ("twice ready", [ready2, ready2], [end2]),
    ("two versions", [ready1, W2 + [b"\5"]], [end1]),
    ("idle reply", [ready1, W1 + [b"\3", b"c", b"", b"x"]], [end1]), ("idle partial", [ready2, W2 + [b"\3", b"c", b"", b"x"]], [end2]),
    ("mmi", [W1 + [b"\1", b"mmi.service"]], [end1]), ("mmi", [W2 + [b"\1", b"mmi.x"]], [end2]),
    ("malformed", [[b"x"], W2, W1 + [b"\1"], W1 + [b"\x09"], [b""]], []), ("malformed worker", [ready1, [b"x"]], [end1]),
    ("disconnect", [W1 + [b"\5"]], []), ("ready, disconnect", [ready2, W2 + [b"\6"]], []),
):
    d = context.socket(zmq.DEALER)
    d.connect(sys.argv[1])
    for m in says: d.send_multipart(m)
    # what is known to come behind it: the reply to a client that has the same identity
    d.send_multipart([b"MDPC02", b"\1", b"mmi.service", b"s"])
    got = []
    while True:
        m = d.recv_multipart()
        if m[0] == b"MDPC02": break
        got.append(m)
    print(name, "right" if got == hears else got, m[3:], flush=True)
    d.close()
`, h.at)
	for range 15 {
		// In the end nobody has a worker for s.
		if line := p.Line(); len(line) < 14 || line[len(line)-14:] != "right [b'404']" {
			t.Error(line)
		}
	}
	if n := h.counts(); n.Disconnected != 12 || n.Malformed != 6 || n.Internal != 15 || n.Requests+n.Replies+n.Partials != 0 {
		t.Errorf("%+v", n)
	}
}
