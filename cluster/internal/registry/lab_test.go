package registry

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// ttl is that of all members in these tests: the shortest there is.
const ttl = 2 * time.Second

// member joins, with a client of its own, and leaves when the test is over.
func member(t *testing.T, e *etcdtest.Etcd, name string, change ...func(*Config)) *Registry {
	t.Helper()
	return joined(t, Config{Client: e.Client(t), Cluster: "shop", Member: name}, change...)
}

func joined(t *testing.T, cfg Config, change ...func(*Config)) *Registry {
	t.Helper()
	cfg.TTL, cfg.Hasty = ttl, true
	cfg.Logger = logger(t)
	for _, c := range change {
		c(&cfg)
	}
	r, err := Join(soon(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		dump(t, r)
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		r.Leave(ctx) // with etcd down it says so
	})
	return r
}

// long gives a member time: where its lease is not what is tested, it is not to be lost for want of the processor.
func long(c *Config) { c.TTL = 10 * time.Second }

// logger logs to the test until that is over.
func logger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(&lines{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type lines struct{ t *testing.T }

func (l *lines) Write(p []byte) (int, error) {
	if testing.Verbose() && l.t.Context().Err() == nil {
		l.t.Log(strings.TrimSpace(string(p)))
	}
	return len(p), nil
}

// soon is a context for one call.
func soon(t testing.TB) context.Context { return within(t, rig.Patience) }

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// queue keeps what a callback was called with.
type queue[T any] struct {
	t testing.TB
	c chan T
}

func newQueue[T any](t testing.TB) *queue[T] { return &queue[T]{t, make(chan T, 1<<14)} }

func (q *queue[T]) put(v T) { q.c <- v }

// next is the next one.
func (q *queue[T]) next() T {
	q.t.Helper()
	select {
	case v := <-q.c:
		return v
	case <-time.After(2 * rig.Patience):
		q.t.Fatal("nothing comes")
		panic("not reached")
	}
}

// until skips what is not ok.
func (q *queue[T]) until(ok func(T) bool) T {
	q.t.Helper()
	for {
		if v := q.next(); ok(v) {
			return v
		}
	}
}

// none fails if there is something.
func (q *queue[T]) none() {
	q.t.Helper()
	select {
	case v := <-q.c:
		q.t.Errorf("there came %+v", v)
	default:
	}
}

// follow keeps what a follower of a name is told, as addresses.
func follow_(t *testing.T, r *Registry, name string) *queue[string] {
	q := newQueue[string](t)
	t.Cleanup(r.Follow(name, func(all []Entry) { q.put(addresses(all)) }))
	return q
}

func addresses(all []Entry) string {
	var s []string
	for _, e := range all {
		s = append(s, e.Address)
	}
	return strings.Join(s, " ")
}

func is(want string) func(string) bool { return func(got string) bool { return got == want } }

// claim claims a name.
func claim(t *testing.T, r *Registry, name string) (*Claim, *queue[Status]) {
	t.Helper()
	q := newQueue[Status](t)
	c, err := r.Claim(name, q.put)
	if err != nil {
		t.Fatal(err)
	}
	return c, q
}

// owns waits until a claim is told that it owns.
func owns(q *queue[Status]) int64 {
	q.t.Helper()
	s := q.next()
	if !s.Owning || s.Err != nil || s.Token <= 0 {
		q.t.Fatalf("told %+v", s)
	}
	return s.Token
}

// loses waits until a claim is told that it does not own.
func loses(q *queue[Status], why error) {
	q.t.Helper()
	if s := q.next(); s.Owning || s.Err != why {
		q.t.Fatalf("told %+v, want %v", s, why)
	}
}

func at(n int) Record { return Record{Address: fmt.Sprint("tcp://127.0.0.1:", n)} }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func clientOf(t *testing.T, e *etcdtest.Etcd) *clientv3.Client { return e.Client(t) }

// countWarnings counts warnings.
func countWarnings(n *atomic.Int32) *slog.Logger { return slog.New(&counter{slog.DiscardHandler, n}) }

type counter struct {
	slog.Handler
	n *atomic.Int32
}

func (c *counter) Enabled(context.Context, slog.Level) bool { return true }

func (c *counter) Handle(_ context.Context, r slog.Record) error {
	if r.Level == slog.LevelWarn {
		c.n.Add(1)
	}
	return nil
}

// logs counts what is logged, by message.
type logs struct {
	slog.Handler
	mu  sync.Mutex
	all map[string]int
}

func newLogs() *logs { return &logs{Handler: slog.DiscardHandler, all: map[string]int{}} }

func (l *logs) Enabled(context.Context, slog.Level) bool { return true }

func (l *logs) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all[r.Message]++
	return nil
}

func (l *logs) of(message string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[message]
}

// dump says where everything stands when the test has failed.
func dump(t *testing.T, r *Registry) {
	if !t.Failed() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t.Logf("%s: rev %d history %s base %d floor %d young %v left %v", r.cfg.Member, r.rev, r.history, r.base, r.floor, r.young, r.left)
	if r.lease != nil {
		t.Logf("  lease %x lost %v fence %d, %v left", r.lease.id, r.lease.lost, r.lease.fence, time.Duration(r.lease.deadline.Load()-now()))
	}
	for k := range r.desk.all {
		t.Logf("  key %+v", *k)
	}
	for _, tp := range r.topics {
		t.Logf("  topic %s rev %d known %v watch %d waiting %v: %v", tp.prefix, tp.rev, tp.known, tp.watch, tp.waiting, tp.state)
	}
	for _, c := range r.claims {
		t.Logf("  claim %s ripe %v held %v", c.name, c.ripe, c.held.Load())
	}
}
