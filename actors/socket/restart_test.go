package socket_test

import (
	"errors"
	"flag"
	"os"
	"runtime"
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

var restarts = flag.Int("restarts", 10_000, "how often one socket is restarted, of each kind")

// However often a socket is restarted, it needs no more memory and no more descriptors for it.
func TestRestartsLeaveNothingBehind(t *testing.T) {
	for _, kept := range []bool{true, false} {
		name := map[bool]string{true: "kept", false: "reopened"}[kept]
		t.Run(name, func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			in, events := r.Collector(), r.Collector()
			pull := r.SpawnSupervised(&supervision.Backoff{Min: 1, Max: 1},
				socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(in.PID), Events: events.PID})
			at := r.At(pull)
			push := r.Spawn(socket.Config{Type: socket.Push, Connect: at, Options: socket.Options{ReconnectInterval: time.Millisecond}})
			var before [2]uint64
			for i := range *restarts {
				if i == *restarts/4 {
					before = footprint(t)
				}
				r.Root.Send(pull, &socket.Fail{Err: errors.New("again"), Kept: kept})
				rig.Await[*socket.Failed](events)
				if o, _ := rig.Await[*socket.Opened](events); o.Kept != kept || o.Endpoints[0] != at[0] {
					t.Fatal(o)
				}
			}
			after := footprint(t)
			t.Logf("%d restarts: %d → %d descriptors, %d → %d KiB of heap", *restarts, before[0], after[0], before[1]>>10, after[1]>>10)
			if after[0] > before[0]+4 || after[1] > before[1]+1<<20 {
				t.Errorf("from %d to %d descriptors, from %d to %d KiB", before[0], after[0], before[1]>>10, after[1]>>10)
			}
			r.Peers(push, 1)
			r.Put(push, messages.Text("still there"))
			if m := in.Message(); m.Text() != "still there" {
				t.Error(m)
			}
		})
	}
}

// footprint is descriptors and bytes of heap.
func footprint(t *testing.T) [2]uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Log("descriptors are not counted:", err)
	}
	return [2]uint64{uint64(len(fds)), m.HeapAlloc}
}

// What a restart would only repeat is not repeated: the socket stops at once, and says why.
func TestWrongStopsAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  socket.Config
		want error
	}{
		"a wrong CURVE key": {socket.Config{Type: socket.Req, Connect: []string{"tcp://127.0.0.1:1"},
			Options: socket.Options{CurveServerKey: "not a key", CurvePublicKey: "nor this", CurveSecretKey: "or this"}}, messages.ErrConfig},
		"EINVAL": {socket.Config{Type: socket.Pull, Configure: func(s *zmq.Socket) error { return s.SetTos(-1 << 31) }}, syscall.EINVAL},
		"EINVAL of a key": {socket.Config{Type: socket.Pull, Configure: func(s *zmq.Socket) error { return s.SetCurveServerkey("too short") }},
			syscall.EINVAL},
		"an option of nobody's": {socket.Config{Type: socket.Pull, Configure: func(s *zmq.Socket) error { return s.SetSubscribe("x") }}, syscall.EINVAL},
	} {
		t.Run(name, func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			decisions := counting(r)
			pid := r.SpawnSupervised(&supervision.Backoff{}, c.cfg)
			_, err := socket.Endpoints(r.Ctx, r.Root, pid)
			if !errors.Is(err, c.want) || !errors.Is(err, messages.ErrStopped) {
				t.Error(err)
			}
			if why := socket.Reason(r.Ctx, r.Root, pid); !errors.Is(why, c.want) {
				t.Error(why)
			}
			for _, d := range decisions() {
				if d != "DirectiveStop" && d != "StopDirective" {
					t.Error(d)
				}
			}
		})
	}
}

// Whoever asks while a socket stops that its supervisor has given up on learns of the failure too.
func TestReasonWhileStopping(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	stopping, release := make(chan bool, 1), make(chan bool)
	hold := func(next actor.ReceiverFunc) actor.ReceiverFunc {
		return func(c actor.ReceiverContext, e *actor.MessageEnvelope) {
			if _, ok := e.Message.(*actor.Stopping); ok {
				stopping <- true
				<-release
			}
			next(c, e)
		}
	}
	pid := r.SpawnSupervised(&supervision.Backoff{},
		socket.Config{Type: socket.Pull, Configure: func(s *zmq.Socket) error { return s.SetCurveServerkey("too short") }}, actor.WithReceiverMiddleware(hold))
	<-stopping
	if why := socket.Reason(r.Ctx, r.Root, pid); !errors.Is(why, syscall.EINVAL) {
		t.Error(why)
	}
	close(release)
	if why := socket.Reason(r.Ctx, r.Root, pid); !errors.Is(why, syscall.EINVAL) {
		t.Error(why)
	}
}

// The port that a wildcard bind got, the identity, the subscriptions and what live commands have added
// are all there after a reopen.
func TestReopenBringsEverythingBack(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	in, events := r.Collector(), r.Collector()
	router := r.SpawnSupervised(quick(), socket.Config{Type: socket.Router, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(in.PID),
		Events: events.PID, Options: socket.Options{RouterHandover: true}})
	r.Do(router, &messages.Bind{Endpoint: "tcp://127.0.0.1:*"})
	at := r.At(router)
	dealer := r.SpawnSupervised(quick(), socket.Config{Type: socket.Dealer, Connect: at[1:], Events: events.PID,
		Options: socket.Options{Identity: "bob", ReconnectInterval: 5 * time.Millisecond}})
	sub := r.SpawnSupervised(quick(), socket.Config{Type: socket.Sub, Subscribe: []string{"a"}, Deliver: socket.To(in.PID), Events: events.PID})
	pub := r.Spawn(socket.Config{Type: socket.Pub, Bind: []string{"tcp://127.0.0.1:*"}})
	r.Do(sub, &messages.Subscribe{Topic: []byte("b")})
	r.Do(sub, &messages.Connect{Endpoint: r.At(pub)[0]})
	for range 5 {
		for _, pid := range []*actor.PID{router, dealer, sub} {
			r.Root.Send(pid, &socket.Fail{Err: errors.New("lost")})
			rig.Await[*socket.Failed](events)
			rig.Await[*socket.Opened](events)
		}
		if now := r.At(router); now[0] != at[0] || now[1] != at[1] {
			t.Fatal(at, now)
		}
		r.Peers(dealer, 1)
		r.Put(dealer, messages.Text("hello"))
		if m := in.Message(); m.Text() != "hello" || string(m.Frames[0]) != "bob" {
			t.Error(m)
		}
		r.Peers(sub, 1)
		for _, topic := range []string{"a1", "b1"} {
			rig.Until(t, topic+" comes again", func() bool {
				r.Put(pub, messages.Text(topic))
				select {
				case m := <-in.Mail():
					return m.Message.(*messages.Message).Text() == topic
				case <-time.After(10 * time.Millisecond):
					return false
				}
			})
		}
	}
}
