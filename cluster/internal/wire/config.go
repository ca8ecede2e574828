package wire

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sockeye-mq/sockeye/actors/curve"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// Config says how a system is reached and whom it talks to. The zero value binds a port on loopback, in
// plaintext.
type Config struct {
	// Bind is the endpoint that peers connect to: tcp with a literal address, or ipc. A port "*" is any.
	// Default "tcp://127.0.0.1:*".
	Bind string

	// Address is the system's name in PIDs. Default: the address that the system has already, by
	// Proto.Actor's Remote, or else host and port of the bound endpoint, which must not be a wildcard
	// address then.
	Address string

	// Keys are this system's CURVE keys, as server and as client. Default: none, and plaintext, which is
	// refused with an *InsecureError anywhere but on loopback and ipc.
	Keys *curve.KeyPair

	// Insecure allows plaintext everywhere. Whoever reaches the endpoint can stop every actor then.
	Insecure bool

	// Peers are systems that are known from the start, by address.
	Peers map[string]Peer

	// Lookup says where a system is that is not in Peers; false: it does not know. It is called on senders'
	// goroutines and on the one that takes what comes in: it must not block, and not send. Default: without
	// Keys tcp://<address>; with Keys it knows nobody, for nobody can be told from a stranger without a key.
	Lookup func(address string) (Peer, bool)

	// Admit says which client keys may connect, in Z85. It is asked for every connection and may block for
	// a while. Default: the server keys in Peers, and those that Lookup has given so far. Only with Keys.
	Admit func(key string) bool

	// Heartbeat is how long a peer may be silent by half: it is dead when nothing has come from it for two.
	// A sign of life is sent every half. All systems should have the same. Default 500 ms, least 20 ms.
	Heartbeat time.Duration

	// Queue bounds what may wait for one peer. Defaults 4,096 messages and 16 MiB.
	Queue socket.Limit

	// Window bounds what one peer may have on its way here that no mailbox has got yet. Defaults 32,768
	// messages and 8 MiB. One message is always allowed.
	Window socket.Limit

	// MaxMessage is the size of the largest message taken from a peer, in bytes, of its protobuf encoding.
	// Whoever sends more at once is disconnected before it is in memory. Default 4 MiB, at most 1 GiB.
	MaxMessage int64

	// Linger is how long Shutdown waits for peers to confirm what is on its way. Default 1 s.
	Linger time.Duration

	// Logger is told what is wrong with peers, once for each peer and reason in ten seconds. Default: the
	// system's.
	Logger *slog.Logger
}

// Peer is where a system is reached.
type Peer struct {
	Endpoint  string // of its Wire: "tcp://10.0.0.9:4711"
	ServerKey string // its public CURVE key in Z85; "" in plaintext
}

// ConfigError says which field of a Config is wrong. It is messages.ErrConfig for errors.Is.
type ConfigError struct {
	Field, Reason string
}

func (e *ConfigError) Error() string { return "wire config: " + e.Field + ": " + e.Reason }

// Is implements errors.Is.
func (e *ConfigError) Is(target error) bool { return target == messages.ErrConfig }

// InsecureError says that an endpoint would carry plaintext where others can reach it. It is
// messages.ErrConfig for errors.Is.
type InsecureError struct{ Endpoint string }

func (e *InsecureError) Error() string {
	return "wire: " + e.Endpoint + " without CURVE keys; only loopback and ipc are taken in plaintext, or Config.Insecure"
}

// Is implements errors.Is.
func (e *InsecureError) Is(target error) bool { return target == messages.ErrConfig }

const (
	leastHeartbeat = 20 * time.Millisecond
	mostMessage    = 1 << 30
	maxName        = 4096 // bytes of an address or an id
)

func (c Config) withDefaults() Config {
	def(&c.Bind, "tcp://127.0.0.1:*")
	def(&c.Heartbeat, 500*time.Millisecond)
	def(&c.Queue.Messages, 4096)
	def(&c.Queue.Bytes, 16<<20)
	def(&c.Window.Messages, 32768)
	def(&c.Window.Bytes, 8<<20)
	def(&c.MaxMessage, 4<<20)
	def(&c.Linger, time.Second)
	return c
}

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Validate finds what is wrong with c before anything is opened: nil, a *ConfigError or an *InsecureError.
func (c Config) Validate() error {
	c = c.withDefaults()
	for name, v := range map[string]int64{"Queue.Messages": int64(c.Queue.Messages), "Queue.Bytes": int64(c.Queue.Bytes),
		"Window.Messages": int64(c.Window.Messages), "Window.Bytes": int64(c.Window.Bytes), "MaxMessage": c.MaxMessage, "Linger": int64(c.Linger)} {
		if v < 0 {
			return &ConfigError{name, "negative"}
		}
	}
	switch {
	case c.Heartbeat < leastHeartbeat:
		return &ConfigError{"Heartbeat", fmt.Sprintf("%v, the least is %v", c.Heartbeat, leastHeartbeat)}
	case c.MaxMessage > mostMessage:
		return &ConfigError{"MaxMessage", "more than 1 GiB"}
	case c.Address != "" && (!goodName(c.Address) || c.Address == nowhere):
		return &ConfigError{"Address", fmt.Sprintf("%.100q is no address", c.Address)}
	case c.Admit != nil && c.Keys == nil:
		return &ConfigError{"Admit", "without Keys nobody has a key"}
	}
	if c.Keys != nil {
		if c.Keys.Secret == "" {
			return &ConfigError{"Keys", "no secret key"}
		}
		if err := c.Keys.Check(); err != nil {
			return &ConfigError{"Keys", err.Error()}
		}
	}
	return c.checkEndpoints()
}

func (c *Config) checkEndpoints() error {
	if !c.safe(c.Bind) {
		return &InsecureError{c.Bind}
	}
	if err := (socket.Config{Type: socket.Pull, Bind: []string{c.Bind}}).Validate(); err != nil {
		return &ConfigError{"Bind", err.Error()}
	}
	if strings.HasPrefix(c.Bind, "inproc://") {
		return &ConfigError{"Bind", "inproc does not leave the process"}
	}
	for address, p := range c.Peers {
		if err := c.check(p); err != nil {
			return fmt.Errorf("peer %q: %w", address, err)
		}
	}
	return nil
}

// check says why this peer cannot be connected to.
func (c *Config) check(p Peer) error {
	switch {
	case c.Keys == nil && !c.safe(p.Endpoint):
		return &InsecureError{p.Endpoint}
	case c.Keys == nil && p.ServerKey != "":
		return &ConfigError{"Peer.ServerKey", "only with Keys"}
	case c.Keys != nil:
		if _, err := curve.Decode(p.ServerKey); err != nil {
			return &ConfigError{"Peer.ServerKey", err.Error()}
		}
	}
	if err := (socket.Config{Type: socket.Push, Connect: []string{p.Endpoint}}).Validate(); err != nil {
		return &ConfigError{"Peer.Endpoint", err.Error()}
	}
	return nil
}

// safe reports whether an endpoint may be used as far as encryption goes.
func (c *Config) safe(endpoint string) bool {
	if c.Keys != nil || c.Insecure || !strings.HasPrefix(endpoint, "tcp://") {
		return true
	}
	host, _, err := net.SplitHostPort(strings.TrimPrefix(endpoint, "tcp://"))
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// addressOf is the name that a system gets from its endpoint.
func addressOf(endpoint string) (string, error) {
	at, tcp := strings.CutPrefix(endpoint, "tcp://")
	if !tcp {
		return "", &ConfigError{"Address", endpoint + " has no host and port: set one"}
	}
	if a, err := netip.ParseAddrPort(at); err != nil || a.Addr().IsUnspecified() {
		return "", &ConfigError{"Address", endpoint + " is reached nowhere under that name: set one"}
	}
	return at, nil
}

// goodName reports whether s can be an address or an id.
func goodName(s string) bool { return s != "" && len(s) <= maxName && utf8.ValidString(s) }
