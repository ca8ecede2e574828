package embedded

import (
	"context"
	"errors"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// Directory is a server in this process as a cluster.Directory: it starts with cluster.Join, within its
// Patience, and ends with Leave. One of a group serves when more than half of the group are up, so the
// members of a group have to join within that time of one another.
//
//	cluster.Config{Directory: embedded.Directory(embedded.Config{Dir: "/var/lib/shop/etcd"}), …}
func Directory(cfg Config) func(context.Context) (client *clientv3.Client, closes func() error, err error) {
	return func(ctx context.Context) (*clientv3.Client, func() error, error) {
		s, err := Start(ctx, cfg)
		if err != nil {
			return nil, nil, err
		}
		client, err := s.client(ctx, cfg)
		if err != nil {
			return nil, nil, errors.Join(err, s.Close())
		}
		return client, func() error { return errors.Join(client.Close(), s.Close()) }, nil
	}
}

// client is one of this server.
func (s *Server) client(ctx context.Context, cfg Config) (*clientv3.Client, error) {
	c := clientv3.Config{Endpoints: s.Endpoints(), Context: context.WithoutCancel(ctx), Logger: zap.NewNop(),
		DialTimeout: 2 * time.Second, DialKeepAliveTime: 2 * time.Second, DialKeepAliveTimeout: 2 * time.Second}
	if cfg.ClientTLS != nil {
		secure, err := cfg.ClientTLS.info().ClientConfig()
		if err != nil {
			return nil, fmt.Errorf("client of the embedded etcd: %w", err)
		}
		c.TLS = secure
	}
	return clientv3.New(c)
}
