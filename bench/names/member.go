package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
)

// prefix is where the keys of the cluster begin.
const prefix = "/sockeye/shop/"

// What stands under a name and for a member has the shape that package cluster gives it.
type (
	record struct {
		Address   string `json:"address"`
		Member    string `json:"member"`
		ServerKey string `json:"key,omitempty"`
		Instance  string `json:"instance,omitempty"`
		Owned     bool   `json:"owned,omitempty"`
		Token     int64  `json:"token,omitempty"`
	}
	info struct {
		Host      string `json:"host,omitempty"`
		Address   string `json:"pids,omitempty"`
		Wire      string `json:"wire,omitempty"`
		ServerKey string `json:"key,omitempty"`
	}
)

// curveKey is as long as a CURVE key in Z85 is: 40 characters.
const curveKey = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"

func recordKey(name int, member string) string {
	return fmt.Sprintf("%sname/n%06d/%s-%d", prefix, name, member, name)
}
func claimKey(name int, member string) string {
	return fmt.Sprintf("%sclaim/n%06d/%s-%d", prefix, name, member, name)
}

func recordValue(member string, token int64) string {
	return encode(record{Address: "tcp://10.0.0.7:49152", Member: member, ServerKey: curveKey,
		Instance: "01JD8Q3N7Z", Owned: true, Token: token})
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // of types that always can be encoded
	}
	return string(b)
}

// member is a member's side of etcd: a connection, a lease, and a record under it.
type member struct {
	name    string
	ttl     time.Duration
	client  *clientv3.Client
	leases  pb.LeaseClient
	watches pb.WatchClient
	lease   clientv3.LeaseID
	fence   int64 // the revision of its record
	again   atomic.Int64
}

// joined has a member join with a connection of its own.
func joined(ctx context.Context, s *scene, name string, ttl time.Duration) (*member, error) {
	client, err := clientv3.New(clientv3.Config{
		Endpoints: []string{s.etcd.address}, Logger: zap.NewNop(), DialKeepAliveTime: 2 * time.Second, DialKeepAliveTimeout: 2 * time.Second,
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(s.wire.dial)},
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.members = append(s.members, &member{client: client})
	s.mu.Unlock()
	m := &member{name: name, ttl: ttl, client: client,
		leases: pb.NewLeaseClient(client.ActiveConnection()), watches: pb.NewWatchClient(client.ActiveConnection())}
	if m.lease, err = m.grant(ctx); err != nil {
		return nil, err
	}
	got, err := client.Put(ctx, prefix+"member/"+name, encode(info{Host: "10.0.0.7", Address: name + ".shop",
		Wire: "tcp://10.0.0.7:49151", ServerKey: curveKey}), clientv3.WithLease(m.lease))
	if err != nil {
		return nil, err
	}
	m.fence = got.Header.Revision
	return m, nil
}

// standing is the TTL of leases here: what a renewal costs does not depend on it, and how often there is one is the
// load's own business.
const standing = 10 * time.Minute

func (m *member) grant(ctx context.Context) (clientv3.LeaseID, error) {
	got, err := m.client.Grant(ctx, int64(standing.Seconds()))
	if err != nil {
		return 0, err
	}
	return got.ID, nil
}

// renew renews the lease as a member does: with a stream for each renewal.
func (m *member) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, m.ttl/5)
	defer cancel()
	s, err := m.leases.LeaseKeepAlive(clientv3.WithRequireLeader(ctx))
	if err != nil {
		return rpctypes.Error(err)
	}
	return m.renewOn(s)
}

// renewOn renews the lease on a stream that stands.
func (m *member) renewOn(s grpc.BidiStreamingClient[pb.LeaseKeepAliveRequest, pb.LeaseKeepAliveResponse]) error {
	if err := s.Send(&pb.LeaseKeepAliveRequest{ID: int64(m.lease)}); err != nil && !errors.Is(err, io.EOF) {
		return rpctypes.Error(err)
	}
	got, err := s.Recv()
	if err != nil {
		return rpctypes.Error(err)
	}
	if got.TTL <= 0 {
		return rpctypes.ErrLeaseNotFound
	}
	return nil
}

// reconnect has gRPC try to connect now, twice a second at most.
func (m *member) reconnect() {
	last, now := m.again.Load(), time.Now().UnixNano()
	if now-last > int64(500*time.Millisecond) && m.again.CompareAndSwap(last, now) {
		m.client.ActiveConnection().ResetConnectBackoff()
	}
}

// wire counts the bytes of connections, with the headers of HTTP/2 and without those of TCP and IP.
type wire struct{ toServer, toClients atomic.Int64 }

func (w *wire) dial(ctx context.Context, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &counted{c, w}, nil
}

func (w *wire) total() int64 { return w.toServer.Load() + w.toClients.Load() }

type counted struct {
	net.Conn
	wire *wire
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.wire.toClients.Add(int64(n))
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.wire.toServer.Add(int64(n))
	return n, err
}
