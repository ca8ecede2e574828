package socket

import (
	"fmt"
	"strings"
	"sync"
	"syscall"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// Resolver makes "cluster://name" an endpoint, in Config.Bind and Config.Connect and in live commands:
// package cluster has one. None of its methods may block. What it calls it may call from any goroutine,
// but not before the method has returned.
type Resolver interface {
	// Address says what to bind for a name: "tcp://10.0.0.7:*".
	Address(name string) (endpoint string, err error)
	// Advertise says that a name is bound, and open, until withdraw is called.
	Advertise(name string, at Target) (withdraw func())
	// Follow tells who has bound a name, at first and whenever that changes, until stop is called.
	Follow(name string, changed func([]Target)) (stop func())
	// Confirm calls alive once there is a sign of life of who advertised t that is newer than this call:
	// a connection has ended, or could not be made, and whoever takes its port next is a stranger.
	Confirm(t Target, alive func()) (cancel func())
}

// Target is one who has bound a name.
type Target struct {
	Endpoint  string // "tcp://10.0.0.7:40123": an IP address and a port
	ServerKey string // public key of its CURVE server, in Z85; "" without
	ID        string // of this announcement; a new one, of the same place, is a sign of life
	Instance  string // of the native socket: with another one, connections to the one before are dead
	Token     int64  // fencing token: the higher, the later
	Owned     bool   // the name has one owner: one with a higher token has taken its place
}

// Resolved says where a name, which the socket follows, is bound now.
type Resolved struct {
	Name    string
	Targets []Target
}

// resolvers are those of actor systems.
var resolvers sync.Map // of *actor.ActorSystem

// SetResolver has a system's sockets find names through r, unless their Config has a Resolver. nil takes it
// back. cluster.Join and Leave call it.
func SetResolver(system *actor.ActorSystem, r Resolver) {
	if r == nil {
		resolvers.Delete(system)
		return
	}
	resolvers.Store(system, r)
}

// ResolverOf is the Resolver that a system's sockets have by default, or nil.
func ResolverOf(system *actor.ActorSystem) Resolver {
	r, _ := resolvers.Load(system)
	found, _ := r.(Resolver)
	return found
}

// resolver is the socket's, or nil: the first that it finds, whatever becomes of the system's.
func (b *box) resolver() Resolver {
	if b.found == nil {
		b.found = b.cfg.Resolver
	}
	if b.found == nil {
		b.found = ResolverOf(b.system)
	}
	return b.found
}

const clusterScheme = "cluster://"

// maxName bounds a name.
const maxName = 128

// checkName checks what follows cluster://. It becomes part of a key: no slash, nothing that must be escaped.
func checkName(name string, _ bool) string {
	if len(name) > maxName {
		return fmt.Sprintf("a name of %d bytes, more than %d", len(name), maxName)
	}
	for _, c := range []byte(name) {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", rune(c)) {
			return fmt.Sprintf("%q in a name: want letters, digits, '.', '_' and '-'", c)
		}
	}
	return ""
}

// checkNames finds names that nobody can resolve.
func (b *box) checkNames() error {
	for field, all := range map[string][]string{"Bind": b.cfg.Bind, "Connect": b.cfg.Connect} {
		for i, e := range all {
			if err := b.checkResolver(fmt.Sprintf("%s[%d]", field, i), e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *box) checkResolver(field, endpoint string) error {
	switch {
	case !strings.HasPrefix(endpoint, clusterScheme):
		return nil
	case b.resolver() == nil:
		return &ConfigError{field, endpoint, "a name in a cluster, and this system has joined none: see package cluster"}
	case b.cfg.NoMonitor:
		return &ConfigError{field, endpoint, "without a monitor nobody knows when its peers are gone"}
	case b.cfg.adopted():
		return &ConfigError{field, endpoint, "not with an adopted socket: nobody knows what it is connected to"}
	}
	return nil
}

// bindable is checkEndpoint for a live bind, which may be one of a name.
func (s *socket) bindable(do *zmqthread.Do, endpoint string) (string, error) {
	if err := checkEndpoint("endpoint", endpoint, true, s.cfg.Type); err != nil {
		return endpoint, err
	}
	if err := s.checkResolver("endpoint", endpoint); err != nil || !strings.HasPrefix(endpoint, clusterScheme) {
		return endpoint, err
	}
	at, err := s.toBind(endpoint)
	if err == nil {
		s.desired.named[do] = endpoint
	}
	return at, err
}

// commandName is a live Connect or Disconnect of a name.
func (s *socket) commandName(c actor.Context, do *zmqthread.Do, name string) {
	switch err := s.checkResolver("endpoint", do.Argument); {
	case do.Command == zmqthread.Connect && err != nil:
		s.answer(c, do.For, refusal(do, messages.Reason_MALFORMED, err))
	case do.Command == zmqthread.Connect:
		s.desired.did(do, "")
		s.publish()
		s.follow(name)
		s.answer(c, do.For, &messages.Done{Endpoint: do.Argument})
	case do.Command == zmqthread.Disconnect && s.unfollow(c, name):
		s.desired.did(do, "")
		s.publish()
		s.answer(c, do.For, &messages.Done{Endpoint: do.Argument})
	default: // nothing of that name is bound or connected
		s.answer(c, do.For, refusal(do, messages.Reason_REFUSED, syscall.ENOENT))
	}
}
