package registry

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// patience is how long a call waits for etcd whose context has no end of its own.
const patience = 10 * time.Second

// Registry is one member's, or one observer's. Its methods may be called from any goroutine.
type Registry struct {
	cfg     Config // immutable
	prefix  string // immutable: /sockeye/<cluster>/
	client  *clientv3.Client
	leases  pb.LeaseClient
	watches pb.WatchClient

	ctx  context.Context // ends when the Registry leaves
	stop func()
	done sync.WaitGroup // the goroutines but for those of callbacks
	kick chan struct{}  // holds one token when the keeper is to renew now

	reconnected atomic.Int64 // when gRPC was last told to connect now

	mu      sync.Mutex
	left    bool              // guarded by mu
	watcher watcher           // guarded by mu
	topics  map[string]*topic // guarded by mu: by prefix

	rev     int64  // guarded by mu: the highest revision that etcd has shown
	history string // guarded by mu: which history of etcd that belongs to
	base    int64  // guarded by mu: what is added to a create revision in it
	floor   int64  // guarded by mu: no token of an earlier history is above
	young   bool   // guarded by mu: no claim may own yet

	lease   *lease            // guarded by mu; nil for an observer
	desk    desk              // guarded by mu
	claims  map[string]*Claim // guarded by mu: by name
	serial  uint64            // guarded by mu: of the last key of ours
	life    life              // guarded by mu
	polls   map[int64]*poll   // guarded by mu: by lease
	strange map[string]bool   // guarded by mu: the keys with garbage that were logged
}

// Join makes this process a member of a cluster, or an observer. It fails with ErrUnavailable when etcd could not
// be reached before ctx was over, or after 10 s where ctx has no deadline, and with a *MemberTakenError when a
// living member has the name. A member of that name which has died is waited for: its record goes with its lease.
func Join(ctx context.Context, cfg Config) (*Registry, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	ctx, cancel := patient(ctx)
	defer cancel()
	r := &Registry{
		cfg: cfg, prefix: "/sockeye/" + cfg.Cluster + "/", client: cfg.Client,
		leases: pb.NewLeaseClient(cfg.Client.ActiveConnection()), watches: pb.NewWatchClient(cfg.Client.ActiveConnection()),
		kick: make(chan struct{}, 1), topics: map[string]*topic{}, claims: map[string]*Claim{}, polls: map[int64]*poll{},
		strange: map[string]bool{},
	}
	r.ctx, r.stop = context.WithCancel(context.Background())
	r.watcher = watcher{wake: make(chan struct{}, 1), suspects: make(chan struct{}, 1), ids: map[int64]*topic{}}
	r.desk = desk{wake: make(chan struct{}, 1), all: map[*key]struct{}{}}
	r.life.teller = teller{mu: &r.mu, next: r.lifeNext}
	if cfg.Observer {
		_, err = r.look(ctx)
	} else {
		err = r.enter(ctx)
	}
	if err != nil {
		r.stop()
		return nil, joinError(cfg, unavailable(err))
	}
	r.start()
	return r, nil
}

func (r *Registry) start() {
	r.mu.Lock()
	r.listen(r.prefix+"base", true, &listener{r.baseChanged})
	if !r.cfg.Observer {
		r.mindMember()
	}
	r.mu.Unlock()
	r.done.Add(1)
	go r.watch()
	if !r.cfg.Observer {
		r.done.Add(2)
		go r.keep()
		go r.write()
	}
}

// Leave withdraws everything and gives the lease back, so that nobody has to wait for its end. No claim holds from
// its beginning on. When etcd does not answer it returns when ctx is over, or after 10 s where ctx has no
// deadline, with ErrUnavailable; everything of this side has stopped then, and the lease ends by itself.
// Called from a callback it works, too.
func (r *Registry) Leave(ctx context.Context) error {
	ctx, cancel := patient(ctx)
	defer cancel()
	r.mu.Lock()
	if r.left {
		r.mu.Unlock()
		r.done.Wait()
		return nil
	}
	r.left = true
	l := r.lease
	for _, c := range r.claims {
		c.lose(ErrLeft)
	}
	for _, t := range r.topics {
		for l := range t.listeners {
			delete(t.listeners, l)
		}
	}
	r.life.teller.stopped = true
	r.desk.abandon(ErrLeft)
	for _, p := range r.polls {
		p.waiting = nil
	}
	r.mu.Unlock()
	r.stop()
	r.done.Wait()
	if l == nil || l.lost {
		return nil
	}
	return leaveError(r.cfg, r.revoke(ctx, l))
}

// revoke gives a lease back, and everything under it.
func (r *Registry) revoke(ctx context.Context, l *lease) error {
	for {
		try, cancel := context.WithTimeout(ctx, readTimeout)
		_, err := r.client.Revoke(try, l.id)
		cancel()
		if err == nil || leaseNotFound(err) {
			return nil
		}
		if !sleep(ctx, shortPause) {
			return unavailable(ctx.Err())
		}
		r.reconnect()
	}
}

// patient is ctx with an end.
func patient(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, patience)
}

// reconnect has gRPC try to connect now, twice a second at most: left alone it waits up to two minutes.
func (r *Registry) reconnect() {
	last, t := r.reconnected.Load(), now()
	if t-last > int64(500*time.Millisecond) && r.reconnected.CompareAndSwap(last, t) {
		r.client.ActiveConnection().ResetConnectBackoff()
	}
}

// garbage logs a key that is nobody's of ours, once. Guarded by mu.
func (r *Registry) garbage(k kv, err error) {
	const most = 256
	if id := k.key; len(r.strange) < most && !r.strange[id] {
		r.strange[id] = true
		r.cfg.Logger.Warn("what stands in etcd is not a record", "key", k.key, "error", err)
	}
}
