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
	w.ids, w.cancels, w.fresh, w.stale = map[int64]*topic{}, nil, nil, nil
	w.heard, w.outdated = now(), false
	for _, t := range r.topics {
		t.watch, t.waiting = 0, false
		w.enqueue(t, t.urgent || !t.known)
	}
	rand.Shuffle(len(w.stale), func(i, j int) { w.stale[i], w.stale[j] = w.stale[j], w.stale[i] })
}

// make makes watches as they are wanted. It returns an error, or nil when it has one in failed.
func (r *Registry) make(s grpc.BidiStreamingClient[pb.WatchRequest, pb.WatchResponse], failed chan error) error {
	r.mu.Lock()
	stagger := min(time.Duration(len(r.watcher.stale))*perWatch, maxStagger)
	r.mu.Unlock()
	pace := time.NewTimer(rand.N(stagger + 1))
	defer pace.Stop()
	alive := time.NewTicker(r.cfg.TTL)
	defer alive.Stop()
	paced := false
	for {
		batch, cancelled := r.nextWatch(paced)
		switch {
		case cancelled != 0:
			if err := s.Send(cancelRequest(cancelled)); err != nil {
				return err
			}
			continue
		case len(batch) > 0:
			if paced {
				paced = false
				pace.Reset(perWatch)
			}
			if err := r.open(s, batch); err != nil {
				return err
			}
			continue
		}
		select {
		case err := <-failed:
			failed <- err
			return nil
		case <-r.watcher.wake:
		case <-pace.C:
			paced = true
		case <-r.watcher.suspects:
			if _, err := r.lookHistory(); err != nil {
				return err
			}
			r.mu.Lock()
			outdated := r.watcher.outdated
			r.mu.Unlock()
			if outdated {
				return errHistory
			}
		case <-alive.C:
			if err := r.progress(s); err != nil {
				return err
			}
		}
	}
}

// nextWatch is what to do next: a watch to end, or topics to watch: those that are urgent together, the others one by
// one.
func (r *Registry) nextWatch(paced bool) (batch []*topic, cancelled int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := &r.watcher
	if n := len(w.cancels); n > 0 {
		cancelled = w.cancels[n-1]
		w.cancels = w.cancels[:n-1]
		return nil, cancelled
	}
	if w.fresh, batch = r.pick(w.fresh, maxBatch); len(batch) == 0 && paced {
		w.stale, batch = r.pick(w.stale, 1)
	}
	return batch, 0
}

// pick takes up to n topics out of a queue that are still to be watched. Guarded by mu.
func (r *Registry) pick(queue []*topic, n int) (rest, picked []*topic) {
	for len(queue) > 0 && len(picked) < n {
		t := queue[0]
		queue, t.waiting = queue[1:], false
		if r.topics[t.prefix] == t && t.watch == 0 {
			picked = append(picked, t)
		}
	}
	return queue, picked
}

// open reads topics where that is needed, all at one revision, and then watches them from there.
func (r *Registry) open(s grpc.BidiStreamingClient[pb.WatchRequest, pb.WatchResponse], topics []*topic) error {
	if err := r.read(topics); err != nil {
		return err
	}
	for _, t := range topics {
		r.mu.Lock()
		if r.topics[t.prefix] != t || t.watch != 0 { // nobody follows it any more
			r.mu.Unlock()
			continue
		}
		w := &r.watcher
		w.lastID++
		id, rev := w.lastID, t.rev
		t.watch, w.ids[id] = id, t
		r.mu.Unlock()
		if err := s.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: &pb.WatchCreateRequest{
			Key: []byte(t.prefix), RangeEnd: []byte(clientv3.GetPrefixRangeEnd(t.prefix)), StartRevision: rev + 1, WatchId: id,
		}}}); err != nil {
			return err
		}
	}
	return nil
}

// read reads those of the topics that have to be read.
func (r *Registry) read(topics []*topic) error {
	var unread []*topic
	var gets []clientv3.Op
	r.mu.Lock()
	floor := r.rev
	for _, t := range topics {
		if t.rev == 0 {
			unread, gets = append(unread, t), append(gets, clientv3.OpGet(t.prefix, clientv3.WithPrefix()))
		}
	}
	r.mu.Unlock()
	if len(unread) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(r.ctx, readTimeout)
	defer cancel()
	got, err := r.client.Txn(ctx).Then(gets...).Commit()
	if err != nil {
		return err
	}
	if got.Header.Revision < floor {
		return errHistory
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rev = max(r.rev, got.Header.Revision)
	for i, t := range unread {
		t.read(got.Responses[i].GetResponseRange().Kvs, got.Header.Revision)
	}
	return nil
}

func cancelRequest(id int64) *pb.WatchRequest {
	return &pb.WatchRequest{RequestUnion: &pb.WatchRequest_CancelRequest{CancelRequest: &pb.WatchCancelRequest{WatchId: id}}}
}

// progress asks an etcd that has said nothing for a while whether it is still there.
func (r *Registry) progress(s grpc.BidiStreamingClient[pb.WatchRequest, pb.WatchResponse]) error {
	r.mu.Lock()
	silent, watches := now()-r.watcher.heard, len(r.watcher.ids)
	if watches == 0 {
		r.watcher.heard = now()
	}
	r.mu.Unlock()
	if watches == 0 || silent < int64(r.cfg.TTL) {
		return nil
	}
	return s.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_ProgressRequest{ProgressRequest: &pb.WatchProgressRequest{}}})
}

// receive takes what etcd says on a stream until it ends. It is a goroutine.
func (r *Registry) receive(s grpc.BidiStreamingClient[pb.WatchRequest, pb.WatchResponse]) error {
	for {
		resp, err := s.Recv()
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.watcher.heard = now()
		if t := r.watcher.ids[resp.WatchId]; t != nil {
			r.event(t, resp)
		}
		r.mu.Unlock()
	}
}

// event does what etcd says of a topic. Guarded by mu.
func (r *Registry) event(t *topic, resp *pb.WatchResponse) {
	w := &r.watcher
	switch {
	case resp.Canceled || resp.CompactRevision != 0:
		delete(w.ids, t.watch)
		t.watch, t.rev = 0, 0 // what lies between is lost, so it is read again
		if resp.CompactRevision != 0 && t.pause.last == 0 {
			t.pause.next()
			w.enqueue(t, true)
			return
		}
		r.cfg.Logger.Debug("etcd ends a watch", "key", t.prefix, "reason", resp.CancelReason)
		time.AfterFunc(t.pause.next(), func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.topics[t.prefix] == t && t.watch == 0 {
				w.enqueue(t, true)
			}
		})
	case resp.Created:
		// Of a group, one that lags behind says so, too. It waits until it has caught up: a read knows.
		if resp.Header.Revision < t.rev {
			wake(w.suspects)
		}
	default:
		t.pause.reset()
		t.apply(resp.Events)
		r.rev = max(r.rev, t.rev)
	}
}
