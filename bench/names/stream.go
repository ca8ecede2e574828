package main

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
)

// stream is a member's one stream of watches.
type stream struct {
	s       grpc.BidiStreamingClient[pb.WatchRequest, pb.WatchResponse]
	cancel  func()
	created atomic.Int64
	heard   atomic.Int64 // when etcd last said something
	ended   chan struct{}

	above     int64          // immutable: watches up to this number are not counted
	compacted func(id int64) // immutable: called when what a watch asked for is compacted; may be nil
}

// watchStream opens a stream, which counts watches with numbers above one. told is called with each response that has events, on the stream's goroutine.
func (m *member) watchStream(ctx context.Context, told func(*pb.WatchResponse), compacted func(id int64), above int64) (*stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	s, err := m.watches.Watch(clientv3.WithRequireLeader(ctx), grpc.MaxCallRecvMsgSize(math.MaxInt32))
	if err != nil {
		cancel()
		return nil, err
	}
	w := &stream{s: s, cancel: cancel, ended: make(chan struct{}), compacted: compacted, above: above}
	go w.receive(told)
	return w, nil
}

// receive is a goroutine.
func (w *stream) receive(told func(*pb.WatchResponse)) {
	defer close(w.ended)
	for {
		got, err := w.s.Recv()
		if err != nil {
			return
		}
		w.heard.Store(time.Now().UnixNano())
		switch {
		case got.Canceled || got.CompactRevision != 0:
			if w.compacted != nil {
				w.compacted(got.WatchId)
			}
		case got.Created:
			if got.WatchId > w.above {
				w.created.Add(1)
			}
		case told != nil && len(got.Events) > 0:
			told(got)
		}
	}
}

// watch has the keys with a prefix watched from a revision on.
func (w *stream) watch(id int64, prefix string, from int64) error {
	return w.s.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: &pb.WatchCreateRequest{
		Key: []byte(prefix), RangeEnd: []byte(clientv3.GetPrefixRangeEnd(prefix)), StartRevision: from, WatchId: id}}})
}

// progress asks an etcd that has been silent for a TTL whether it is still there.
func (w *stream) progress(ttl time.Duration) error {
	if time.Now().UnixNano()-w.heard.Load() < int64(ttl) {
		return nil
	}
	return w.s.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_ProgressRequest{ProgressRequest: &pb.WatchProgressRequest{}}})
}

// close ends the stream and waits for its goroutine.
func (w *stream) close() {
	w.cancel()
	<-w.ended
}
