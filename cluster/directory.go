package cluster

import (
	"context"
	"crypto/tls"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// Directory is where a cluster keeps its names: an etcd, however it is run. [Etcd] and [EtcdClient] are such;
// package cluster/embedded has one inside the process. It is called once by Join and returns a client of its
// own and what ends it all.
type Directory func(context.Context) (client *clientv3.Client, closes func() error, err error)

// Etcd is an etcd that runs elsewhere, at these endpoints: "https://10.0.0.1:2379". TLS is used if a
// configuration is given; one with client certificates makes it mutual, which is how etcd should be run. Use
// EtcdClient for a user and a password.
func Etcd(endpoints []string, secure ...*tls.Config) Directory {
	cfg := clientv3.Config{Endpoints: endpoints}
	if len(secure) > 0 {
		cfg.TLS = secure[0]
	}
	return EtcdClient(cfg)
}

// EtcdClient is an etcd reached with a client of this configuration. What is not set is set so that one that
// does not answer is noticed within seconds: DialTimeout 2 s, DialKeepAliveTime and DialKeepAliveTimeout 2 s.
// Its logger is a silent one unless there is one: what matters is told by Events and the system's logger.
func EtcdClient(cfg clientv3.Config) Directory {
	return func(ctx context.Context) (*clientv3.Client, func() error, error) {
		for _, d := range []*time.Duration{&cfg.DialTimeout, &cfg.DialKeepAliveTime, &cfg.DialKeepAliveTimeout} {
			if *d == 0 {
				*d = 2 * time.Second
			}
		}
		if cfg.Logger == nil {
			cfg.Logger = zap.NewNop()
		}
		cfg.Context = context.WithoutCancel(ctx)
		client, err := clientv3.New(cfg)
		if err != nil {
			return nil, nil, err
		}
		return client, client.Close, nil
	}
}
