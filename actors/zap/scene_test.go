package zap_test

import (
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/curve"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zap"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// scene is a server with a ZAP handler.
type scene struct {
	*rig.Rig
	handler *actor.PID
	zap     *rig.Collector // the handler's events
	events  *rig.Collector // the server's
	server  *actor.PID
	at      []string
}

// stage starts a handler, without cfg.Policy none, and a server that echoes.
func stage(t *testing.T, cfg zap.Config, options socket.Options) *scene {
	t.Helper()
	if options.HandshakeInterval == 0 {
		options.HandshakeInterval = time.Second // libzmq hangs up no sooner on whom it tells nothing: status 300, no handler
	}
	s := &scene{Rig: rig.Start(t, zmqthread.Config{})}
	s.zap, s.events = s.Collector(), s.Collector()
	if cfg.Policy != nil {
		s.handle(cfg)
	}
	s.server = s.serve(options, s.events.PID)
	s.at = s.At(s.server)
	return s
}

func (s *scene) handle(cfg zap.Config) {
	s.T.Helper()
	cfg.Events = s.zap.PID
	var err error
	if s.handler, err = zap.Start(s.Ctx, s.Thread, cfg); err != nil {
		s.T.Fatal(err)
	}
}

func (s *scene) serve(options socket.Options, events *actor.PID) *actor.PID {
	return s.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(s.Echo()),
		Options: options, Events: events})
}

// client spawns a REQ that connects to the server.
func (s *scene) client(options socket.Options) (*actor.PID, *rig.Collector) {
	events := s.Collector()
	options.ReconnectInterval = 20 * time.Millisecond
	return s.Spawn(socket.Config{Type: socket.Req, Connect: s.at, Options: options, Events: events.PID,
		ReplyTimeout: 20 * time.Second}), events
}

// works checks that a client is served.
func (s *scene) works(pid *actor.PID) {
	s.T.Helper()
	if reply := s.Ask(pid, messages.Text("hello")); reply.Text() != "hello" {
		s.T.Error(reply)
	}
}

// decided is the handler's next decision.
func (s *scene) decided() *zap.Decided {
	s.T.Helper()
	e, _ := rig.Await[*zap.Decided](s.zap)
	return e
}

// refused waits for a decision of this status, and for both ends to learn of it.
func (s *scene) refused(status int, reason string, ends ...*rig.Collector) {
	s.T.Helper()
	d := s.decided()
	for d.Decision.Accepted() {
		d = s.decided()
	}
	if d.Decision.Status != status || d.Decision.Reason != reason || d.Request.Password != "" {
		s.T.Errorf("%v, want %d %s", d, status, reason)
	}
	for _, end := range ends {
		s.status(end, status)
	}
}

// status waits until a handshake fails by ZAP. A connection that was made within 50 ms of a Cut has been
// cut, too, and fails otherwise.
func (s *scene) status(end *rig.Collector, want int) {
	s.T.Helper()
	e, _ := rig.Await[*socket.HandshakeFailed](end)
	for e.Err.Status == 0 {
		e, _ = rig.Await[*socket.HandshakeFailed](end)
	}
	if e.Err.Status != want {
		s.T.Errorf("%v, want status %d", e, want)
	}
}

// outside checks that a client has not come in: it has no peer, and the server has received nothing.
func (s *scene) outside(pid *actor.PID) {
	s.T.Helper()
	if n, err := socket.PeerCount(s.Ctx, s.Root, pid); n != 0 || err != nil {
		s.T.Errorf("%d peers, %v", n, err)
	}
}

func pair(t testing.TB) curve.KeyPair {
	t.Helper()
	k, err := curve.New()
	if err != nil {
		t.Fatal(err)
	}
	return k
}
