package registry

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
)

const (
	// perWatch is how far watches that are made again lie apart: etcd takes 0.44 ms for each.
	perWatch = time.Millisecond
	// maxStagger is how long they are put off at most, however many there are.
	maxStagger = 30 * time.Second
	// readTimeout is how long one read of etcd may take in the background.
	readTimeout = 2 * time.Second
)

var errHistory = errors.New("etcd's history is another one")

// watcher has the one stream of watches. Its fields are guarded by the Registry's mu.
type watcher struct {
	wake     chan struct{} // holds one token when there may be something to do
	suspects chan struct{} // holds one token when the history is to be looked at

	fresh   []*topic // to be watched at once
	stale   []*topic // to be watched again, one by one
	cancels []int64  // watches of topics that nobody follows any more

	ids      map[int64]*topic // of the stream that stands
	asked    []int64          // the watches that etcd was asked for and has not answered yet, in that order
	outdated bool             // the stream is of another history
	lastID   int64
	heard    int64 // when etcd last said something on the stream
}

// enqueue has a topic watched. Guarded by the Registry's mu.
func (w *watcher) enqueue(t *topic, now bool) {
	if t.waiting {
		return
	}
	t.waiting = true
	if now {
		w.fresh = append(w.fresh, t)
	} else {
		w.stale = append(w.stale, t)
	}
	wake(w.wake)
}

// cancel ends the watch of a topic, or has it not begin. Guarded by the Registry's mu.
func (w *watcher) cancel(t *topic) {
	if t.waiting {
		same := func(other *topic) bool { return other == t }
		w.fresh, w.stale = slices.DeleteFunc(w.fresh, same), slices.DeleteFunc(w.stale, same)
	}
	if t.watch != 0 {
		delete(w.ids, t.watch)
		w.cancels = append(w.cancels, t.watch)
		t.watch = 0
		wake(w.wake)
	}
}

// answered returns the watch that etcd has answered for, made or refused. A refusal does not always have a number, but the
// answers come in the order of the requests (server/etcdserver/api/v3rpc/watch.go). Guarded by the Registry's mu.
func (w *watcher) answered(resp *pb.WatchResponse) int64 {
	if len(w.asked) == 0 {
		return resp.WatchId
	}
	id := w.asked[0]
	w.asked = w.asked[1:]
	return id
}

// watch keeps a stream until the Registry leaves. It is a goroutine.
func (r *Registry) watch() {
	defer r.done.Done()
	var p pause
	for r.ctx.Err() == nil {
		began := now()
		err := r.stream()
		if r.ctx.Err() != nil {
			return
		}
		if now()-began > int64(5*time.Second) {
			p.reset()
		}
		r.cfg.Logger.Debug("the stream of watches has ended", "cluster", r.cfg.Cluster, "error", err)
		if !sleep(r.ctx, p.next()) {
			return
		}
		r.reconnect()
	}
}

// stream opens a stream and watches on it until it fails. All topics are watched again from where they
// are, unless the history is another one.
func (r *Registry) stream() error {
	ctx, cancel := context.WithCancel(r.ctx)
	s, err := r.watches.Watch(clientv3.WithRequireLeader(ctx), grpc.MaxCallRecvMsgSize(math.MaxInt32))
	if err != nil {
		cancel()
		return err
	}
	if _, err := r.lookHistory(); err != nil {
		cancel()
		return err
	}
	r.requeue()
	failed := make(chan error, 1)
	go func() { failed <- r.receive(s) }()
	stop := r.guard(cancel)
	err = r.make(s, failed)
	stop()
	cancel()
	if err == nil {
		return <-failed
	}
	<-failed
	return err
}

// guard cancels a stream on which etcd has not said anything for three TTLs, though it was asked: a connection may be
// dead and not know it, and then a Send may never return.
func (r *Registry) guard(cancel func()) (stop func()) {
	var timer *time.Timer
	stopped := false // guarded by mu
	r.mu.Lock()
	defer r.mu.Unlock()
	timer = time.AfterFunc(r.cfg.TTL, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch {
		case stopped:
		case len(r.watcher.ids) > 0 && now()-r.watcher.heard > 3*int64(r.cfg.TTL):
			cancel()
		default:
			timer.Reset(r.cfg.TTL)
		}
	})
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		stopped = true
		timer.Stop()
	}
}

// requeue has every topic watched again, urgent ones first and the others in any order.
func (r *Registry) requeue() {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := &r.watcher
	w.ids, w.asked, w.cancels, w.fresh, w.stale = map[int64]*topic{}, nil, nil, nil, nil
	w.heard, w.outdated = now(), false
	for _, t := range r.topics {
		t.watch, t.waiting = 0, false
		w.enqueue(t, t.urgent || !t.known)
	}
	rand.Shuffle(len(w.stale), func(i, j int) { w.stale[i], w.stale[j] = w.stale[j], w.stale[i] })
}
