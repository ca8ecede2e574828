package registry

import (
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
)

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
		id := resp.WatchId
		if resp.Created {
			id = r.watcher.answered(resp)
		}
		if t := r.watcher.ids[id]; t != nil {
			r.event(t, resp)
		}
		r.mu.Unlock()
	}
}

// event does what etcd says of a topic. Guarded by mu.
func (r *Registry) event(t *topic, resp *pb.WatchResponse) {
	w := &r.watcher
	switch {
	case w.outdated: // everything will be read again
	case resp.Created && resp.Canceled: // it was not made, and nothing is lost
		r.refusedWatch(t, resp)
	case resp.Canceled || resp.CompactRevision != 0:
		r.cfg.Logger.Debug("etcd ends a watch", "key", t.prefix, "reason", resp.CancelReason, "compacted", resp.CompactRevision)
		t.rev = 0 // what lies between is lost, so it is read again
		if resp.CompactRevision != 0 && t.pause.last == 0 {
			delete(w.ids, t.watch)
			t.watch = 0
			t.pause.next()
			w.enqueue(t, true)
			return
		}
		r.watchLater(t)
	case resp.Created:
		// Of a group, one that lags behind says so, too. It waits until it has caught up: a read knows.
		if resp.Header.Revision < t.rev {
			wake(w.suspects)
		}
	case len(resp.Events) == 0:
		// The watch was quiet, and etcd has told it everything until then. Only what names the watch says so: an answer to
		// progress, which names none, may be ahead of events that are still to come (etcd 3.4.23; issue 15220).
		t.pause.reset()
		t.progress(resp.Header.Revision)
		r.rev = max(r.rev, t.rev)
	default:
		t.pause.reset()
		t.apply(resp.Events)
		r.rev = max(r.rev, t.rev)
	}
}

// refusedWatch is told that etcd has not made a watch, for want of a permission for instance. Guarded by mu.
func (r *Registry) refusedWatch(t *topic, resp *pb.WatchResponse) {
	if t.pause.last == 0 {
		r.cfg.Logger.Warn("etcd refuses a watch", "key", t.prefix, "reason", resp.CancelReason)
	}
	r.watchLater(t)
}

// watchLater watches a topic again that is not watched, after a pause that grows until etcd tells something of it.
// Guarded by mu.
func (r *Registry) watchLater(t *topic) {
	w := &r.watcher
	delete(w.ids, t.watch)
	t.watch = 0
	time.AfterFunc(t.pause.next(), func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.topics[t.prefix] == t && t.watch == 0 {
			w.enqueue(t, true)
		}
	})
}
