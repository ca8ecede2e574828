package cluster

import (
	"crypto/rand"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/cluster/internal/registry"
	"github.com/sockeye-mq/sockeye/messages"
)

// Config says which cluster to join, and as whom. Names of clusters and members, and those that sockets bind,
// are 1 to 128 letters, digits, '.', '_' and '-'.
type Config struct {
	// Name is the cluster's. Clusters of different names share an etcd without knowing of one another.
	Name string

	// Member is this process's name: no two that live at the same time have the same. Default: the host's
	// name, the process id and a few random letters.
	Member string

	// Host is the IP address at which the others reach this process: sockets that bind a name bind it, with a
	// port that the system picks. Never a wildcard. Not for an Observer.
	Host string

	// TTL is how long a name still belongs to a process that has died: whole seconds, at least 2; the same for
	// all members. After two thirds of it an owner that cannot reach etcd stops serving. Default 3 s; see
	// docs/cluster.md for what it costs etcd.
	TTL time.Duration

	// Directory is where names are kept: Etcd(…), EtcdClient(…), or embedded.Directory(…).
	Directory Directory

	// Observer only looks names up: it is no member, binds no name and owns none.
	Observer bool

	// Patience is how long Join waits for the directory. Default 10 s.
	Patience time.Duration

	// Wire carries Proto.Actor messages between the members' actor systems: a PID works on all of them.
	// Default: none; then PIDs stay at home, or use Proto.Actor's Remote. Not for an Observer.
	Wire *Wire

	// Events gets LeaseLost and LeaseBack. Default: nobody; the system's logger is told anyway.
	Events *actor.PID
}

// ConfigError says what is wrong with a Config. It is messages.ErrConfig.
type ConfigError struct {
	Field  string
	Value  any
	Reason string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("cluster config: %s = %v: %s", e.Field, e.Value, e.Reason)
}

// Is makes it a messages.ErrConfig.
func (e *ConfigError) Is(target error) bool { return target == messages.ErrConfig }

// checked is cfg with its defaults.
func (cfg Config) checked() (Config, error) {
	if err := registry.CheckName(cfg.Name); err != nil {
		return cfg, &ConfigError{"Name", cfg.Name, err.Error()}
	}
	if cfg.Directory == nil {
		return cfg, &ConfigError{"Directory", nil, "there is none: see Etcd and package cluster/embedded"}
	}
	if cfg.Member == "" {
		cfg.Member = memberName()
	}
	if err := registry.CheckName(cfg.Member); err != nil {
		return cfg, &ConfigError{"Member", cfg.Member, err.Error()}
	}
	if cfg.TTL == 0 {
		cfg.TTL = 3 * time.Second
	}
	if cfg.TTL < 2*time.Second || cfg.TTL%time.Second != 0 {
		return cfg, &ConfigError{"TTL", cfg.TTL, "want whole seconds, at least 2"}
	}
	if cfg.Patience == 0 {
		cfg.Patience = 10 * time.Second
	}
	if cfg.Patience < 0 {
		return cfg, &ConfigError{"Patience", cfg.Patience, "negative"}
	}
	if cfg.Wire != nil && cfg.Observer {
		return cfg, &ConfigError{"Wire", "Observer", "nobody would find an observer's PIDs"}
	}
	return cfg, cfg.checkHost()
}

func (cfg *Config) checkHost() error {
	if cfg.Observer && cfg.Host == "" {
		return nil
	}
	at, err := netip.ParseAddr(cfg.Host)
	switch {
	case err != nil:
		return &ConfigError{"Host", cfg.Host, "want the IP address at which others reach this process"}
	case at.IsUnspecified() || at.IsMulticast():
		return &ConfigError{"Host", cfg.Host, "nobody can be reached there"}
	case at.Zone() != "":
		return &ConfigError{"Host", cfg.Host, "an address with a zone means something on this machine only"}
	}
	cfg.Host = at.String()
	return nil
}

// address is what a name binds.
func (cfg *Config) address() string {
	if strings.Contains(cfg.Host, ":") {
		return "tcp://[" + cfg.Host + "]:*"
	}
	return "tcp://" + cfg.Host + ":*"
}

func memberName() string {
	host, _ := os.Hostname()
	clean := strings.Map(func(r rune) rune {
		if registry.CheckName(string(r)) != nil {
			return '-'
		}
		return r
	}, host)
	return fmt.Sprintf("%.64s-%d-%.6s", clean, os.Getpid(), rand.Text())
}
