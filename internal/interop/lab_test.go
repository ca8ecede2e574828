package interop

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// lab is one test with one peer, over one transport, with one side binding.
type lab struct {
	*rig.Rig
	transport   string
	pythonBinds bool
	sockets     []*actor.PID
}

// everywhere runs test over tcp and ipc, and with either side binding.
func everywhere(t *testing.T, test func(*testing.T, *lab)) { over(t, test, "tcp", "ipc") }

// over runs test over some transports, and with either side binding.
func over(t *testing.T, test func(*testing.T, *lab), transports ...string) {
	t.Parallel()
	for _, transport := range transports {
		for _, binds := range []string{"python", "sockeye"} {
			t.Run(transport+"/"+binds+" binds", func(t *testing.T) {
				t.Parallel()
				l := &lab{Rig: rig.Start(t, zmqthread.Config{}), transport: transport, pythonBinds: binds == "python"}
				defer l.explain()
				test(t, l)
				if !t.Failed() {
					l.Shutdown() // while the peer is still there
				}
			})
		}
	}
}

// meet starts a peer of so many sockets and a socket of ours, and joins them. The side that binds
// is there first.
func (l *lab) meet(j job, sockets int, cfg socket.Config) (*peer, *actor.PID) {
	l.T.Helper()
	if l.pythonBinds {
		for range sockets {
			j.Bind = append(j.Bind, l.Endpoint(l.transport))
		}
		p := run(l.T, j)
		cfg.Connect = p.next().At
		pid := l.Spawn(cfg)
		l.sockets = append(l.sockets, pid)
		return p, pid
	}
	cfg.Bind = []string{l.Endpoint(l.transport)}
	pid := l.Spawn(cfg)
	l.sockets = append(l.sockets, pid)
	j.Connect = slices.Repeat(l.At(pid), sockets)
	p := run(l.T, j)
	p.next()
	return p, pid
}

// explain says how far the sockets of a test that failed have got.
func (l *lab) explain() {
	for _, pid := range l.sockets {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if l.T.Failed() {
			counts, err := socket.Counts(ctx, l.Root, pid)
			l.T.Logf("%s: %+v %v", pid.Id, counts, err)
		}
	}
}

// actor spawns an actor that does this with every message, one out of a batch, too.
func (l *lab) actor(do func(c actor.Context, m *messages.Message)) *actor.PID {
	return l.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *messages.Message:
			do(c, m)
		case *messages.Batch:
			for _, m := range m.Messages() {
				do(c, m)
			}
			m.Release()
		}
	}))
}

// into spawns an actor that puts what it gets into a tally.
func (l *lab) into(t *tally) *actor.PID {
	return l.actor(func(_ actor.Context, m *messages.Message) { t.add(m.Frames) })
}

// complete waits for everything that t is due.
func (l *lab) complete(what string, t *tally) {
	l.T.Helper()
	select {
	case <-t.done:
	case <-l.Ctx.Done():
		l.T.Fatalf("%s: only %v of %d", what, t.total(), t.due)
	}
}

// same compares what went in with what came out.
func (l *lab) same(what string, in, out total) {
	l.T.Helper()
	if in != out || in.Wrong != "" {
		l.T.Errorf("%s: in  %v\n%*s out %v", what, in, len(what), "", out)
	}
}

// clean checks that nothing was dropped, rejected or left over on the way through a socket. A peer may
// have a message before the ledger does, hence the Touch.
func (l *lab) clean(pid *actor.PID, sent, received int) {
	l.T.Helper()
	if _, err := messages.Call(l.Ctx, l.Root, pid, &actor.Touch{}); err != nil {
		l.T.Fatal(err)
	}
	c := l.Counts(pid)
	if int(c.Taken) != sent || int(c.Received) != received || c.Accepted != c.Taken || c.Delivered != c.Received || c.Rejected != 0 {
		l.T.Errorf("want %d sent and %d received: %+v", sent, received, c)
	}
}

// put sends the stream in its order: every other message alone, the rest in batches.
func (l *lab) put(pid *actor.PID, s stream) *tally {
	l.T.Helper()
	sent := newTally(s, 1)
	for i := 0; i < s.N; {
		l.Put(pid, messages.Bytes(s.message(i)...))
		sent.add(s.message(i))
		batch := messages.NewBatch()
		for i++; i < s.N && batch.Count < 49; i++ {
			batch.Append(s.message(i)...)
			sent.add(s.message(i))
		}
		if batch.Count > 0 {
			l.Put(pid, batch)
		}
	}
	return sent
}

// re is the answer to a request: itself and "re".
func re(body [][]byte) *messages.Message {
	return messages.Bytes(append(slices.Clip(body), []byte("re"))...)
}
