package socket_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// A connection's life as both ends are told it, over tcp with the address of the other side.
func TestConnectionEvents(t *testing.T) {
	for _, transport := range []string{"tcp", "ipc"} {
		t.Run(transport, func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			there, here := r.Collector(), r.Collector()
			at := r.Endpoint(transport)
			bound := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{at}, Events: there.PID})
			if o, mail := rig.Await[*socket.Opened](there); len(o.Endpoints) != 1 || o.Kept || !mail.Sender.Equal(bound) {
				t.Error(o, mail.Sender)
			}
			at = r.At(bound)[0]
			connects := r.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{at}, Events: here.PID})
			connected, _ := rig.Await[*socket.Connected](here)
			done, _ := rig.Await[*socket.HandshakeSucceeded](here)
			accepted, _ := rig.Await[*socket.Accepted](there)
			greeted, _ := rig.Await[*socket.HandshakeSucceeded](there)
			if connected.Endpoint != at || done.Endpoint != at || accepted.Endpoint != at || greeted.Endpoint != at {
				t.Error(connected, done, accepted, greeted)
			}
			if tcp := transport == "tcp"; tcp != strings.HasPrefix(accepted.Peer, "tcp://127.0.0.1:") || greeted.Peer != accepted.Peer ||
				tcp && (connected.Peer != at || done.Peer != at) {
				t.Error(connected, done, accepted, greeted)
			}
			if n, err := socket.PeerCount(r.Ctx, r.Root, bound); n != 1 || err != nil {
				t.Error(n, err)
			}
			r.Stop(bound)
			if d, _ := rig.Await[*socket.Disconnected](here); d.Endpoint != at || d.Peer != connected.Peer {
				t.Error(d)
			}
			if again, _ := rig.Await[*socket.ConnectRetried](here); again.Endpoint != at || again.In <= 0 {
				t.Error(again)
			}
			if n, err := socket.PeerCount(r.Ctx, r.Root, connects); n != 0 || err != nil {
				t.Error(n, err)
			}
			if stopped, _ := rig.Await[*socket.Stopped](there); stopped.Reason != nil {
				t.Error(stopped)
			}
		})
	}
}

func TestListeningAndBindFailed(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	events := r.Collector()
	pid := r.Spawn(socket.Config{Type: socket.Pull, Events: events.PID})
	at := r.Do(pid, &messages.Bind{Endpoint: "tcp://127.0.0.1:*"}).Endpoint
	if l, _ := rig.Await[*socket.Listening](events); l.Endpoint != at {
		t.Error(l)
	}
	zctx, err := zmq.NewContext()
	if err != nil {
		t.Fatal(err)
	}
	defer zctx.Term()
	other, err := zctx.NewSocket(zmq.PULL)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.Bind("tcp://127.0.0.1:*"); err != nil {
		t.Fatal(err)
	}
	taken, _ := other.GetLastEndpoint()
	if _, err := messages.Call(r.Ctx, r.Root, pid, &messages.Bind{Endpoint: taken}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Error(err)
	}
	if f, _ := rig.Await[*socket.BindFailed](events); f.Endpoint != taken || !errors.Is(f.Err, syscall.EADDRINUSE) {
		t.Error(f)
	}
	r.Do(pid, &messages.Unbind{Endpoint: at})
	if c, _ := rig.Await[*socket.Closed](events); c.Endpoint != at {
		t.Error(c)
	}
}

// keys of a server and of a client.
func keys(t *testing.T) (server, client socket.Options) {
	t.Helper()
	public, secret, err := zmq.NewCurveKeypair()
	if err != nil {
		t.Skip("libzmq without CURVE")
	}
	myPublic, mySecret, _ := zmq.NewCurveKeypair()
	return socket.Options{CurveServer: true, CurveSecretKey: socket.Secret(secret)},
		socket.Options{CurveServerKey: public, CurvePublicKey: myPublic, CurveSecretKey: socket.Secret(mySecret),
			ReconnectInterval: 5 * time.Millisecond}
}

// Why a handshake fails, as both ends are told it.
func TestHandshakeFailed(t *testing.T) {
	server, client := keys(t)
	_, stranger := keys(t)
	for name, c := range map[string]struct {
		server, client socket.Options
		there, here    string
	}{
		"another server's key": {server, stranger, "wrong key", "the connection ended"},
		"no CURVE":             {server, socket.Options{}, "another security mechanism", "another security mechanism"},
		"only CURVE":           {socket.Options{}, client, "another security mechanism", "another security mechanism"},
	} {
		t.Run(name, func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			there, here := r.Collector(), r.Collector()
			at := r.At(r.Spawn(socket.Config{Type: socket.Router, Bind: []string{"tcp://127.0.0.1:*"}, Options: c.server, Events: there.PID}))[0]
			pid := r.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{at}, Options: c.client, Events: here.PID})
			a, _ := rig.Await[*socket.HandshakeFailed](there)
			b, _ := rig.Await[*socket.HandshakeFailed](here)
			if !strings.Contains(a.String(), c.there) || !strings.Contains(b.String(), c.here) || a.Endpoint != at || b.Endpoint != at {
				t.Error(a, b)
			}
			if n, err := socket.PeerCount(r.Ctx, r.Root, pid); n != 0 || err != nil {
				t.Error(n, err)
			}
		})
	}
}

// counting notes what a guardian decides.
func counting(r *rig.Rig) (decisions func() []string) {
	var all []string
	done := make(chan []string, 1)
	done <- nil
	r.System.EventStream.Subscribe(func(x any) {
		if e, ok := x.(*actor.SupervisorEvent); ok {
			all = <-done
			all = append(all, e.Directive.String())
			done <- all
		}
	})
	return func() []string { all := <-done; done <- all; return all }
}

// A server that has another key never says so; who asked for it is told after a few tries, and no
// restart is burnt on what it would only repeat.
func TestFailAfterHandshakes(t *testing.T) {
	server, _ := keys(t)
	_, stranger := keys(t)
	r := rig.Start(t, zmqthread.Config{})
	decisions := counting(r)
	at := r.At(r.Spawn(socket.Config{Type: socket.Router, Bind: []string{"tcp://127.0.0.1:*"}, Options: server}))[0]
	events := r.Collector()
	pid := r.SpawnSupervised(&supervision.Backoff{}, socket.Config{Type: socket.Dealer, Connect: []string{at}, Options: stranger,
		Events: events.PID, FailAfter: socket.FailAfter{Handshakes: 3}})
	stopped, _ := rig.Await[*socket.Stopped](events)
	var failed *socket.HandshakesError
	if !errors.As(stopped.Reason, &failed) || failed.Failed != 3 || zmqthread.ClassOf(stopped.Reason) != zmqthread.Wrong {
		t.Error(stopped.Reason)
	}
	if err := socket.Reason(r.Ctx, r.Root, pid); !errors.As(err, &failed) {
		t.Error(err)
	}
	if got := fmt.Sprint(decisions()); got != "[DirectiveStop]" && got != "[StopDirective]" {
		t.Error(got)
	}
}

// A socket that is alone for too long is opened anew, and finds the peer that has come meanwhile.
func TestFailAfterAlone(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	events, in := r.Collector(), r.Collector()
	at := r.Endpoint("ipc")
	out := r.SpawnSupervised(&supervision.Backoff{Min: time.Millisecond, Max: time.Millisecond}, socket.Config{
		Type: socket.Push, Connect: []string{at}, Options: socket.Options{ReconnectInterval: time.Hour, Linger: time.Millisecond},
		Events: events.PID, FailAfter: socket.FailAfter{Alone: 50 * time.Millisecond}})
	failed, _ := rig.Await[*socket.Failed](events)
	var alone *socket.AloneError
	if !errors.As(failed.Err, &alone) || failed.Class != zmqthread.Transient || failed.Kept {
		t.Error(failed)
	}
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{at}, Deliver: socket.To(in.PID)})
	r.Peers(pull, 1)
	r.Put(out, messages.Text("hello"))
	if m := in.Message(); m.Text() != "hello" {
		t.Error(m)
	}
}

// An Events actor that does not keep up misses the oldest, and is told how many.
func TestEventsAreBounded(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	free := make(chan bool)
	var got []any
	stopped := make(chan bool)
	events := r.Actor(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *socket.Opened:
			<-free
		case *socket.Listening, *socket.Missed:
			got = append(got, m)
		case *socket.Stopped:
			close(stopped)
		}
	})
	pid := r.Spawn(socket.Config{Type: socket.Pull, Events: events})
	const n = 2000
	for range n {
		at := r.Do(pid, &messages.Bind{Endpoint: "tcp://127.0.0.1:*"}).Endpoint
		r.Do(pid, &messages.Unbind{Endpoint: at})
	}
	close(free)
	r.Poison(pid)
	<-stopped
	seen, missed := 0, uint64(0)
	for _, e := range got {
		switch e := e.(type) {
		case *socket.Listening:
			seen++
		case *socket.Missed:
			missed += e.Events
		}
	}
	if seen == 0 || missed == 0 || seen > 1600 || missed > 2*n+10 {
		t.Errorf("%d seen, %d missed", seen, missed)
	}
}

// An authenticator's no is told with its status, and is not worth another try.
func TestZAPStatus(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	zap := r.Actor(func(c actor.Context) { // RFC 27: version, request id, status, text, user, metadata
		if m, ok := c.Message().(*messages.Message); ok {
			f := m.Body()
			c.Respond(messages.Bytes(f[0], f[1], []byte("400"), []byte("no"), nil, nil))
		}
	})
	r.At(r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"inproc://zeromq.zap.01"}, Deliver: socket.To(zap)}))
	there, here := r.Collector(), r.Collector()
	at := r.At(r.Spawn(socket.Config{Type: socket.Router, Bind: []string{"tcp://127.0.0.1:*"}, Events: there.PID,
		Options: socket.Options{PlainServer: true, ZAPDomain: "test"}}))
	pid := r.SpawnSupervised(&supervision.Backoff{}, socket.Config{Type: socket.Dealer, Connect: at, Events: here.PID,
		Options:   socket.Options{PlainUsername: "bob", PlainPassword: "wrong", ReconnectInterval: 5 * time.Millisecond},
		FailAfter: socket.FailAfter{Handshakes: 1}})
	for _, end := range []*rig.Collector{there, here} {
		if e, _ := rig.Await[*socket.HandshakeFailed](end); e.Err.Status != 400 || !strings.Contains(e.String(), "ZAP status 400: refused") {
			t.Error(e)
		}
	}
	stopped, _ := rig.Await[*socket.Stopped](here)
	var no *socket.HandshakesError
	if !errors.As(stopped.Reason, &no) || no.Last.Status != 400 || zmqthread.ClassOf(no) != zmqthread.Wrong {
		t.Error(stopped.Reason, pid)
	}
}
