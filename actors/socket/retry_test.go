package socket_test

import (
	"errors"
	"fmt"
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

func quick() *supervision.Backoff {
	return &supervision.Backoff{Min: time.Millisecond, Max: 10 * time.Millisecond}
}

// forgetful answers requests, but not the first few.
func forgetful(r *rig.Rig, forgets int64) (at string, seen *atomic.Int64) {
	seen = new(atomic.Int64)
	server := r.Actor(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok && seen.Add(1) > forgets {
			c.Respond(m)
		}
	})
	pid := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(server)})
	return r.At(pid)[0], seen
}

// Lazy Pirate: a request that gets no reply is sent again on a new connection, under supervision.
func TestLazyPirate(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	at, seen := forgetful(r, 2)
	events := r.Collector()
	req := r.SpawnSupervised(quick(), socket.Config{Type: socket.Req, Connect: []string{at}, Events: events.PID,
		ReplyTimeout: 100 * time.Millisecond, Retries: 3})
	if reply := r.Ask(req, messages.Text("hello", "world")); fmt.Sprintf("%s", reply.Frames) != "[hello world]" {
		t.Error(reply)
	}
	for try := 1; try <= 2; try++ {
		failed, _ := rig.Await[*socket.Failed](events)
		var no *socket.NoReplyError
		if !errors.As(failed.Err, &no) || no.Try != try || failed.Kept {
			t.Error(failed)
		}
	}
	if l := r.Counts(req); seen.Load() != 3 || l.Resent != 2 || l.Taken != 1 || l.Delivered != 1 {
		t.Errorf("seen %d times, %+v", seen.Load(), l)
	}
}

// After its last try the caller is told, and the next request finds the socket well.
func TestLazyPirateGivesUp(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	at, seen := forgetful(r, 3)
	req := r.SpawnSupervised(quick(), socket.Config{Type: socket.Req, Connect: []string{at},
		ReplyTimeout: 50 * time.Millisecond, Retries: 2})
	_, err := messages.Ask(r.Ctx, r.Root, req, messages.Text("hello"))
	if !errors.Is(err, messages.ErrTimedOut) || seen.Load() != 3 {
		t.Error(seen.Load(), err)
	}
	if reply := r.Ask(req, messages.Text("again")); reply.Text() != "again" || seen.Load() != 4 {
		t.Error(seen.Load(), reply)
	}
}

// The server of a Lazy Pirate dies over a request and comes back.
func TestLazyPirateOutlivesItsServer(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	mute := r.Collector()
	first := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(mute.PID)})
	at := r.At(first)[0]
	req := r.SpawnSupervised(quick(), socket.Config{Type: socket.Req, Connect: []string{at}, ReplyTimeout: 50 * time.Millisecond, Retries: 1000})
	done := make(chan error, 1)
	go func() {
		_, err := messages.Ask(r.Ctx, r.Root, req, messages.Text("hello"))
		done <- err
	}()
	mute.Message()
	r.Stop(first)
	r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{at}, Deliver: socket.To(r.Echo())})
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Requests that were on the wire when the native socket was lost: carried over, or answered at once.
func TestRetry(t *testing.T) {
	for _, typ := range []string{"REQ", "DEALER"} {
		for _, retry := range []bool{true, false} {
			t.Run(fmt.Sprint(typ, " ", retry), func(t *testing.T) {
				r := rig.Start(t, zmqthread.Config{})
				in := r.Collector()
				rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(in.PID)})
				cfg := socket.Config{Type: socket.Req, Connect: r.At(rep), Retry: retry}
				n := 1
				if typ == "DEALER" {
					cfg.Type, n = socket.Dealer, 20
				}
				pid := r.SpawnSupervised(quick(), cfg)
				answers := make(chan error, n)
				for i := range n {
					go func() {
						reply, err := messages.Ask(r.Ctx, r.Root, pid, messages.Text(fmt.Sprint(i)))
						if err == nil && reply.Text() != fmt.Sprint("re ", i) {
							err = fmt.Errorf("%d got %v", i, reply)
						}
						answers <- err
					}()
				}
				in.Messages(n)
				r.Do(pid, &socket.Fail{Err: errors.New("lost")})
				if retry {
					for range n { // the same requests, once more
						m, mail := rig.Take[*messages.Message](in)
						mail.Respond(messages.Text("re " + m.Text()))
					}
				}
				for range n {
					if err := <-answers; retry && err != nil || !retry && !errors.Is(err, messages.ErrFailed) {
						t.Error(err)
					}
				}
				if l := r.Counts(pid); retry && l.Resent != uint64(n) || !retry && l.Resent != 0 {
					t.Errorf("%+v", l)
				}
			})
		}
	}
}

func TestRetryConfig(t *testing.T) {
	for _, cfg := range []socket.Config{
		{Type: socket.Push, Retry: true}, {Type: socket.Dealer, Retries: 1}, {Type: socket.Req, Retries: -1},
		{Type: socket.Pull, NoMonitor: true, FailAfter: socket.FailAfter{Alone: 1}}, {Type: socket.Pull, FailAfter: socket.FailAfter{Handshakes: -1}},
	} {
		if err := cfg.Validate(); !errors.Is(err, messages.ErrConfig) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}
