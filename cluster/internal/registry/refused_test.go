package registry

import (
	"context"
	"sync"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/sockeye-mq/sockeye/internal/etcdtest"
)

// refusals has etcd refuse watches of one prefix: what it answers has no number then, as where a permission is missing.
type refusals struct {
	prefix string

	mu   sync.Mutex
	left int // guarded by mu
}

func (f *refusals) refuse(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = n
}

func (f *refusals) take() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left--
	return f.left >= 0
}

func (f *refusals) intercept(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string,
	streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := streamer(ctx, desc, cc, method, opts...)
	if err != nil || method != pb.Watch_Watch_FullMethodName {
		return s, err
	}
	return &refusing{ClientStream: s, f: f, refused: map[int64]bool{}}, nil
}

// refusing is a stream of watches.
type refusing struct {
	grpc.ClientStream
	f *refusals

	mu      sync.Mutex
	refused map[int64]bool // guarded by mu: asked for, and not to be made
}

func (s *refusing) SendMsg(m any) error {
	if r := m.(*pb.WatchRequest).GetCreateRequest(); r != nil && string(r.Key) == s.f.prefix && s.f.take() {
		s.mu.Lock()
		s.refused[r.WatchId] = true
		s.mu.Unlock()
	}
	return s.ClientStream.SendMsg(m)
}

func (s *refusing) RecvMsg(m any) error {
	for {
		if err := s.ClientStream.RecvMsg(m); err != nil {
			return err
		}
		resp := m.(*pb.WatchResponse)
		s.mu.Lock()
		refused := s.refused[resp.WatchId]
		s.mu.Unlock()
		if !refused {
			return nil
		}
		if resp.Created {
			resp.WatchId, resp.Canceled, resp.CancelReason = clientv3.InvalidWatchID, true, "etcdserver: permission denied"
			return nil
		}
	}
}

// A watch that etcd refuses to make is asked for again, with pauses, and those that were asked for beside it stand.
func TestRefusedWatch(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		f := &refusals{prefix: "/sockeye/shop/name/orders/"}
		client, err := clientv3.New(clientv3.Config{Endpoints: e.Endpoints(), Logger: zap.NewNop(),
			DialOptions: []grpc.DialOption{grpc.WithChainStreamInterceptor(f.intercept)}})
		must(t, err)
		t.Cleanup(func() { client.Close() })
		a, b := member(t, e, "a"), joined(t, Config{Client: client, Cluster: "shop", Member: "b"})
		const refused = 4
		f.refuse(refused)
		before, orders, after := follow_(t, b, "before"), follow_(t, b, "orders"), follow_(t, b, "after")
		orders.until(is(""))
		a.Advertise("before", at(1))
		a.Advertise("orders", at(2))
		a.Advertise("after", at(3))
		before.until(is(at(1).Address))
		after.until(is(at(3).Address))
		orders.until(is(at(2).Address))
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.left != -1 {
			t.Errorf("asked for %d times", refused-f.left)
		}
	})
}
