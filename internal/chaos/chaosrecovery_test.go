package chaos

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

var recoveries = flag.Int("recoveries", 0, "samples of each kind in TestRecovery; 0: 100 with -v, and 5 without, where nobody sees them")

// askWithin is how long an Ask of TestRecovery waits. One that was on the wire when the server died
// holds the REQ's turn for so long.
const askWithin = 50 * time.Millisecond

// scene is a REQ that asks a REP without a pause, each on a thread of its own.
type scene struct {
	*rig.Rig
	far      *zmqthread.Thread
	req, rep *actor.PID
	receiver *actor.PID
	peer     *peer // has the REP, in the last scene

	failed  chan *actor.PID // sockets that have
	struck  atomic.Int64    // when the kill has struck, in ns since began; 0: none is under way
	back    chan time.Time  // an answer to what was asked after that
	began   time.Time
	answers atomic.Int64
}

// TestRecovery measures how long it takes from a kill to the first reply to a request that was sent
// after the kill had struck. Every failure is the first in a long time: the backoff is at its Min of 1 ms.
//
//	go test ./internal/chaos -run TestRecovery -v
func TestRecovery(t *testing.T) {
	samples := *recoveries
	if samples == 0 {
		samples = 5
		if testing.Verbose() {
			samples = 100
		}
	}
	kinds := []struct {
		name string
		kill func(*scene)
	}{
		{"socket actor, REQ", func(s *scene) { s.fail(s.req, true) }},
		{"socket actor, REP", func(s *scene) { s.fail(s.rep, true) }},
		{"native socket, REQ", func(s *scene) { s.fail(s.req, false) }},
		{"native socket, REP", func(s *scene) { s.fail(s.rep, false) }},
		{"poll actor", func(s *scene) { s.crash(&zmqthread.Crash{Reason: errChaos}) }},
		{"thread", func(s *scene) { s.crash(&zmqthread.Crash{Goexit: true}) }},
		{"receiver, replaced", (*scene).replace},
		{"peer process, started again", func(s *scene) { s.peer.kill(); s.hit(); s.peer.start() }},
	}
	var table strings.Builder
	fmt.Fprintf(&table, "from kill to first reply, ms | tcp p50 | tcp p99 | ipc p50 | ipc p99\n---|---|---|---|---\n")
	for _, kind := range kinds {
		fmt.Fprint(&table, kind.name)
		for _, wire := range wires {
			var took []time.Duration
			t.Run(kind.name+"/"+wire, func(t *testing.T) {
				took = newScene(t, wire, strings.HasPrefix(kind.name, "peer")).measure(kind.kill, samples)
			})
			if len(took) < samples {
				return
			}
			slices.Sort(took)
			for _, p := range []int{50, 99} {
				fmt.Fprintf(&table, " | %.1f", took[(len(took)-1)*p/100].Seconds()*1000)
			}
		}
		fmt.Fprintln(&table)
	}
	t.Logf("%d samples of each\n%s", samples, &table)
}

func newScene(t *testing.T, wire string, apart bool) *scene {
	s := &scene{Rig: rig.Start(t, zmqthread.Config{}), failed: make(chan *actor.PID, 16), back: make(chan time.Time, 1), began: time.Now()}
	s.far = s.Beside(zmqthread.Config{})
	restart := &supervision.Backoff{Min: time.Millisecond, Max: longest, Window: 5 * time.Millisecond}
	events := s.Actor(func(c actor.Context) {
		if _, ok := c.Message().(*socket.Failed); ok {
			s.failed <- c.Sender()
		}
	})
	var at []string
	if apart {
		s.peer = newPeer(s.Rig, wire)
		t.Cleanup(s.peer.finish)
		at = s.peer.at("rep")
	} else {
		s.spawnReceiver()
		t.Cleanup(func() { s.Root.StopFuture(s.receiver).Wait() })
		s.rep = s.SpawnOn(s.far, socket.Config{Type: socket.Rep, Bind: []string{s.Endpoint(wire)}, Deliver: socket.To(s.receiver),
			OnDead: socket.HoldBack, Events: events, Options: options()}, actor.WithGuardian(restart))
		at = s.At(s.rep)
	}
	s.req = s.SpawnSupervised(restart, socket.Config{Type: socket.Req, Connect: at, Events: events, Options: options()})
	return s
}

func (s *scene) spawnReceiver() {
	s.receiver = s.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			respond(c, m)
		}
	}))
}

// measure kills again and again, each time when all has been well for a while.
func (s *scene) measure(kill func(*scene), samples int) (took []time.Duration) {
	over, done := make(chan bool), make(chan bool)
	go s.stream(over, done)
	defer func() { close(over); <-done }()
	for range samples {
		calm := s.answers.Load() + 20
		rig.Until(s.T, "all is well", func() bool { return s.answers.Load() >= calm })
		began := time.Now()
		kill(s)
		select {
		case at := <-s.back:
			took = append(took, at.Sub(began))
		case <-time.After(rig.Patience):
			s.T.Errorf("no reply within %v", rig.Patience)
			return took
		}
	}
	return took
}

// stream asks a thousand times a second, if the replies come as fast.
func (s *scene) stream(over, done chan bool) {
	defer close(done)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-over:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), askWithin)
		sent, body := time.Since(s.began), []byte(fmt.Sprint(n))
		reply, err := messages.Ask(ctx, s.Root, s.req, messages.Bytes(body))
		cancel()
		if err != nil {
			continue
		}
		if !isReply(reply.Frames, [][]byte{body}) {
			s.T.Errorf("the reply to %d is %.60q", n, reply.Frames)
		}
		s.answers.Add(1)
		if struck := s.struck.Load(); struck > 0 && int64(sent) > struck && s.struck.CompareAndSwap(struck, 0) {
			s.back <- time.Now()
		}
	}
}

// hit notes that a kill has struck.
func (s *scene) hit() { s.struck.Store(int64(time.Since(s.began))) }

func (s *scene) fail(pid *actor.PID, kept bool) {
	s.Root.Send(pid, &socket.Fail{Err: errChaos, Kept: kept})
	if who := <-s.failed; !who.Equal(pid) {
		s.T.Errorf("%s has failed, not %s", who.Id, pid.Id)
	}
	s.hit()
}

// crash kills the poll actors of both ends; what comes after is answered by the next incarnations.
func (s *scene) crash(how *zmqthread.Crash) {
	var again []*actor.Future
	for _, thread := range []*zmqthread.Thread{s.Thread, s.far} {
		s.Root.Send(thread.PID(), how)
		again = append(again, s.Root.RequestFuture(thread.PID(), &actor.Touch{}, rig.Patience))
	}
	for _, f := range again {
		if err := f.Wait(); err != nil {
			s.T.Errorf("a poll actor has not come back: %v", err)
		}
	}
	s.hit()
}

func (s *scene) replace() {
	s.Root.StopFuture(s.receiver).Wait()
	s.hit()
	s.spawnReceiver()
	s.Do(s.rep, &socket.Attach{PID: s.receiver})
}
