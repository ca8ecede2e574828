package socket_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// cut has connections cut.
func cut(r *rig.Rig, pid *actor.PID, from ...string) zmqthread.WasCut {
	r.T.Helper()
	c := &socket.Cut{}
	for _, p := range from {
		c.From = append(c.From, netip.MustParsePrefix(p))
	}
	a, err := messages.Call(r.Ctx, r.Root, pid, c)
	if err != nil {
		r.T.Fatal(err)
	}
	return a.(zmqthread.WasCut)
}

// Cut ends what was accepted, from the addresses it names, and nothing else; who was cut is back.
func TestCut(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	here, there := r.Collector(), r.Collector()
	far := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{"tcp://127.0.0.1:*"}, Events: here.PID})
	// It accepts and connects: over tcp, over ipc, over inproc.
	server := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{"tcp://127.0.0.1:*", r.Endpoint("ipc"), r.Endpoint("inproc")}, Connect: r.At(far)})
	var clients []*actor.PID
	for _, at := range r.At(server) {
		clients = append(clients, r.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{at}, Events: there.PID,
			Options: socket.Options{ReconnectInterval: 100 * time.Millisecond}}))
	}
	r.Peers(server, 4)
	for _, c := range []struct {
		from []string
		want int
	}{{[]string{"192.0.2.0/24", "::/0"}, 0}, {[]string{"127.0.0.0/8"}, 1}, {[]string{"0.0.0.0/0", "::/0"}, 1}, {nil, 2}} {
		if was := cut(r, server, c.from...); was.Connections != c.want || was.Failed != 0 || len(was.Blind) != 0 {
			t.Errorf("%v: %+v, want %d", c.from, was, c.want)
		}
		for range c.want {
			rig.Await[*socket.Disconnected](there)
		}
		for _, pid := range clients {
			r.Peers(pid, 1)
		}
		r.Peers(server, 4)
	}
	r.Stop(server)
	for ends := 0; ends == 0; { // the first end is that of the stop
		switch m := here.Next().Message.(type) {
		case *socket.Disconnected:
			ends++
		case *socket.HandshakeFailed:
			t.Error(m)
		}
	}
	here.Empty()
}

// Without a monitor nobody knows the connections, and the answer says so. A socket that is bound nowhere
// has none to be cut.
func TestCutBlind(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	blind := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{"tcp://127.0.0.1:*"}, NoMonitor: true})
	if was := cut(r, blind); len(was.Blind) != 1 || !was.Blind[0].Equal(blind) || was.Connections != 0 {
		t.Errorf("%+v", was)
	}
	inproc := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{r.Endpoint("inproc")}, NoMonitor: true})
	if was := cut(r, inproc); len(was.Blind) != 0 {
		t.Errorf("%+v", was)
	}
	r.Root.Send(blind, &socket.Cut{}) // nobody wants to know
	r.At(blind)
}

// A connection is cut also while it is busy; what was on the wire is lost, and counted, and the rest goes on.
func TestCutWhileBusy(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(r.Echo())})
	req := r.Spawn(socket.Config{Type: socket.Dealer, Connect: r.At(rep), Deliver: socket.To(r.Collector().PID),
		Options: socket.Options{ReconnectInterval: 60 * time.Millisecond}})
	body := make([]byte, 8<<10)
	for range 10 {
		for range 20 {
			r.Root.Send(req, messages.Bytes(nil, body, body))
		}
		cut(r, rep)
	}
	r.Peers(req, 1)
	rig.Until(t, "a request is answered", func() bool { // one may go down with the last connection
		ctx, cancel := context.WithTimeout(r.Ctx, time.Second)
		defer cancel()
		reply, err := messages.Ask(ctx, r.Root, req, messages.Text("hello"))
		return err == nil && reply.Text() == "hello"
	})
}
