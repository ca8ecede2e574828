package interop

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// A way is how the two sides talk to each other.
type way struct {
	transport string
	mechanism string // "" is NULL
}

func (w way) String() string { return strings.TrimSuffix(w.transport+" "+w.mechanism, " ") }

var (
	tcp   = way{transport: "tcp"}
	ipc   = way{transport: "ipc"}
	plain = way{"tcp", "PLAIN"}
	curve = way{"tcp", "CURVE"}

	everyTransport = []way{tcp, ipc}
	everyMechanism = []way{tcp, ipc, plain, curve}
)

// lab is one cell of the matrix: one test with a peer of one kind, in one way, with one side binding.
type lab struct {
	*rig.Rig
	way
	kind      *kind
	pair      string
	theyBind  bool
	keys      *keys // of the mechanism
	sockets   []*actor.PID
	listening []string // where they bind, once they do
}

// everywhere runs test with every kind of peer, in each of these ways, and with either side binding.
// The pair is a row of the matrix: our type and theirs.
func everywhere(t *testing.T, pair string, ways []way, test func(*testing.T, *lab)) {
	t.Parallel()
	for _, k := range kinds {
		for _, w := range ways {
			for _, binds := range []string{"they bind", "we bind"} {
				t.Run(fmt.Sprintf("%s/%v/%s", k.name, w, binds), func(t *testing.T) {
					t.Parallel()
					cell(t, k, pair, w.String(), binds)
					l := &lab{Rig: rig.Start(t, zmqthread.Config{}), kind: k, way: w, pair: pair, theyBind: binds == "they bind"}
					defer l.explain()
					l.arm()
					test(t, l)
					if !t.Failed() {
						l.Shutdown() // while the peer is still there
					}
				})
			}
		}
	}
}

// meet starts a peer of so many sockets and a socket of ours, and joins them. The side that binds
// is there first, and is the server of the mechanism.
func (l *lab) meet(j job, sockets int, cfg socket.Config) (*process, *actor.PID) {
	l.T.Helper()
	if l.theyBind {
		p := l.host(j, sockets)
		cfg.Connect = l.listening
		return p, l.open(cfg)
	}
	cfg.Bind = []string{l.Endpoint(l.transport)}
	pid := l.open(cfg)
	return l.guest(j, sockets, pid), pid
}

// host starts a peer that binds so many sockets, where the one before it was.
func (l *lab) host(j job, sockets int) *process {
	l.T.Helper()
	if j.Bind = l.listening; j.Bind == nil {
		for range sockets {
			j.Bind = append(j.Bind, l.Endpoint(l.transport))
		}
	}
	j.Security = l.keys.theirs(true)
	p := l.kind.run(l.T, j)
	l.listening = p.next().At
	return p
}

// guest starts a peer that connects so many sockets to one of ours.
func (l *lab) guest(j job, sockets int, to *actor.PID) *process {
	l.T.Helper()
	j.Connect = slices.Repeat(l.At(to), sockets)
	j.Security = l.keys.theirs(false)
	p := l.kind.run(l.T, j)
	p.next()
	return p
}

// open spawns a socket of ours that says in the end how far it got.
func (l *lab) open(cfg socket.Config) *actor.PID {
	l.T.Helper()
	l.keys.ours(&cfg.Options, !l.theyBind)
	pid := l.Spawn(cfg)
	l.sockets = append(l.sockets, pid)
	return pid
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
