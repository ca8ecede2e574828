package registry

import (
	"context"
	"math/rand/v2"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
)

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
		w.asked = append(w.asked, id)
		r.mu.Unlock()
		if err := s.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: &pb.WatchCreateRequest{
			Key: []byte(t.prefix), RangeEnd: []byte(t.end()), StartRevision: rev + 1, WatchId: id, ProgressNotify: true,
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
			unread, gets = append(unread, t), append(gets, clientv3.OpGet(t.prefix, clientv3.WithRange(t.end())))
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
