package registry

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	defaultTTL = 3 * time.Second
	minTTL     = 2 * time.Second // etcd with its own defaults grants no shorter one
	maxTTL     = time.Hour
	maxName    = 128
)

// Config says who joins which cluster.
type Config struct {
	Client  *clientv3.Client // required; it stays the caller's
	Cluster string           // required: a name, see CheckName
	Member  string           // required without Observer: a name that no other member of the cluster has

	// TTL is how long a member that has died is still counted, in whole seconds, 2 s to 1 h; 3 s if it is zero.
	// All members of a cluster have the same.
	TTL time.Duration

	// Observer resolves and follows only: it has no lease and writes nothing.
	Observer bool

	// Info is what the others learn of this member.
	Info Info

	// Logger is told what nobody else is; nil for none.
	Logger *slog.Logger

	// Changed is told when the lease was lost, with the reason, and when there is one again. One call at a time,
	// the latest state only.
	Changed func(alive bool, err error)

	// Hasty has claims own at once in a history that this member begins, for tests: it is then up to the caller
	// that nobody is left who owned in one before.
	Hasty bool
}

// checked returns the configuration with its defaults.
func (cfg Config) checked() (Config, error) {
	if cfg.Client == nil {
		return cfg, errors.New("join: no etcd client")
	}
	if err := CheckName(cfg.Cluster); err != nil {
		return cfg, fmt.Errorf("join: cluster: %w", err)
	}
	if !cfg.Observer {
		if err := CheckName(cfg.Member); err != nil {
			return cfg, fmt.Errorf("join: member: %w", err)
		}
	}
	if cfg.TTL == 0 {
		cfg.TTL = defaultTTL
	}
	if cfg.TTL < minTTL || cfg.TTL > maxTTL || cfg.TTL%time.Second != 0 {
		return cfg, fmt.Errorf("join: TTL %v: want whole seconds from %v to %v", cfg.TTL, minTTL, maxTTL)
	}
	if err := cfg.Info.check(); err != nil {
		return cfg, fmt.Errorf("join: info: %w", err)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return cfg, nil
}

// CheckName says what is wrong with the name of a cluster, of a member, or of what is advertised, followed
// and claimed: it is 1 to 128 letters, digits, dots, underscores and hyphens, all ASCII.
func CheckName(name string) error {
	if len(name) == 0 || len(name) > maxName {
		return fmt.Errorf("name %.140q: want 1 to %d characters", name, maxName)
	}
	for _, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
		default:
			return fmt.Errorf("name %q: want letters, digits, dots, underscores and hyphens", name)
		}
	}
	return nil
}
