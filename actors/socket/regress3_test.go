package socket_test

import (
	"context"
	"errors"
	"net"
	"strings"
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

// never is a supervisor that leaves a failed actor as it is.
type never struct{ _ byte }

func (*never) HandleFailure(*actor.ActorSystem, actor.Supervisor, *actor.PID, *actor.RestartStatistics, any, any) {
}

// A command that nobody sent waits, and somebody gives up: it is not theirs, and not nobody's to crash on.
func TestCancelBesideACommandWithoutSender(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	req := r.SpawnSupervised(&never{}, socket.Config{Type: socket.Req})
	r.Do(req, &socket.Fail{Err: errBroken, Kept: true})
	r.Root.Send(req, &messages.Connect{Endpoint: "tcp://127.0.0.1:1"})
	ctx, cancel := context.WithTimeout(r.Ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := messages.Ask(ctx, r.Root, req, messages.Text("?")); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	r.Counts(req) // or its lock would be held for ever
}

// A request that cannot be sent again yet is not carried twice by the next failure.
func TestRetryDoesNotMultiply(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	mute, events, in := r.Collector(), r.Collector(), r.Collector()
	first := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(mute.PID)})
	at := r.At(first)
	dealer := r.SpawnSupervised(quick(), socket.Config{Type: socket.Dealer, Connect: at, Retry: true, Events: events.PID,
		Options: socket.Options{Immediate: true, ReconnectInterval: 10 * time.Millisecond}})
	r.Peers(dealer, 1)
	got := make(chan error, 1)
	go func() {
		_, err := messages.Ask(r.Ctx, r.Root, dealer, messages.Text("once"))
		got <- err
	}()
	mute.Message()
	r.Stop(first)
	for range 4 {
		r.Root.Send(dealer, &socket.Fail{Err: errBroken})
		rig.Await[*socket.Failed](events)
		rig.Await[*socket.Opened](events)
	}
	r.Spawn(socket.Config{Type: socket.Rep, Bind: at, Deliver: socket.To(in.PID)})
	m, mail := rig.Take[*messages.Message](in)
	mail.Respond(m)
	if err := <-got; err != nil {
		t.Error(err)
	}
	r.Root.Send(dealer, messages.Text("", "last")) // behind everything
	if m := in.Message(); m.Text() != "last" || r.Counts(dealer).Resent != 1 {
		t.Errorf("%v %+v", m, r.Counts(dealer))
	}
}

// Whoever has sent a request that is carried over, and does not wait, is told when the socket stops.
func TestCarriedRequestOfASocketThatStops(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	mute, asker := r.Collector(), r.Collector()
	rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(mute.PID)})
	stop := &supervision.Backoff{Decide: func(any) actor.Directive { return actor.StopDirective }}
	req := r.SpawnSupervised(stop, socket.Config{Type: socket.Req, Connect: r.At(rep), Retry: true})
	r.Root.RequestWithCustomSender(req, messages.Text("?"), asker.PID)
	mute.Message()
	r.Do(req, &socket.Fail{Err: errBroken})
	if rejected := asker.Rejected(); !errors.Is(rejected, messages.ErrFailed) {
		t.Error(rejected)
	}
}

// Whoever connects and hangs up cannot bring a server down.
func TestHandshakesOfOthersAreNoFailure(t *testing.T) {
	server, client := keys(t)
	r := rig.Start(t, zmqthread.Config{})
	events := r.Collector()
	rep := r.SpawnSupervised(quick(), socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(r.Echo()),
		Events: events.PID, Options: server, FailAfter: socket.FailAfter{Handshakes: 1}})
	at := r.At(rep)
	for range 5 {
		c, err := net.Dial("tcp", strings.TrimPrefix(at[0], "tcp://"))
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		rig.Await[*socket.HandshakeFailed](events)
	}
	req := r.Spawn(socket.Config{Type: socket.Req, Connect: at, Options: client})
	if reply := r.Ask(req, messages.Text("still there")); reply.Text() != "still there" {
		t.Error(reply)
	}
}

// Peers that came at the same time are all counted, whoever else comes and goes.
func TestPeersBesideWrongOnes(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	events := r.Collector()
	router := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{"tcp://127.0.0.1:*"}, Events: events.PID})
	at := r.At(router)
	for range 3 {
		r.Spawn(socket.Config{Type: socket.Dealer, Connect: at})
	}
	r.Peers(router, 3)
	zctx, err := zmq.NewContext()
	if err != nil {
		t.Fatal(err)
	}
	defer zctx.Term()
	for range 5 {
		wrong, err := zctx.NewSocket(zmq.PUB) // a ROUTER does not talk to it
		if err != nil {
			t.Fatal(err)
		}
		wrong.SetLinger(0)
		wrong.Connect(at[0])
		rig.Await[*socket.Disconnected](events)
		wrong.Close()
	}
	if n, err := socket.PeerCount(r.Ctx, r.Root, router); n != 3 || err != nil {
		t.Error(n, err)
	}
}

// The name of a socket that has stopped is free before Proto.Actor tells of its end. That must not
// be taken for the end of the next one of that name.
func TestSameNameAgain(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	held := make(chan bool)
	late := actor.WithReceiverMiddleware(func(next actor.ReceiverFunc) actor.ReceiverFunc {
		return func(c actor.ReceiverContext, e *actor.MessageEnvelope) {
			next(c, e)
			if _, ok := e.Message.(*actor.Stopped); ok {
				<-held
			}
		}
	})
	cfg := socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(r.Echo())}
	one, err := r.Root.SpawnNamed(socket.Props(r.Thread, cfg, late), "same")
	if err != nil {
		t.Fatal(err)
	}
	r.At(one)
	r.Root.Stop(one)
	var two *actor.PID
	rig.Until(t, "the name is free", func() bool {
		two, err = r.Root.SpawnNamed(socket.Props(r.Thread, cfg), "same")
		return err == nil
	})
	req := r.Spawn(socket.Config{Type: socket.Req, Connect: r.At(two)})
	close(held)
	for range 20 {
		r.Ask(req, messages.Text("there?"))
	}
	r.Stop(two)
}
