package socket_test

import (
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// stage is where one cell of the matrix is played: a subject, which is the socket that the cell is
// about, and its peers, the fars.
type stage struct {
	*rig.Rig
	plan
	pid  *actor.PID     // the subject
	in   *rig.Collector // gets what the subject receives, unless the plan says who does
	me   *rig.Collector // sends
	at   string         // where subject and fars meet
	fars []*far

	readers []*reader
	sent    []sending
	put     chan error
	ends    int
}

// plan is what is played: the options of a cell act on it.
type plan struct {
	typ      zmq.Type
	cfg      socket.Config
	connects bool // the subject does; otherwise it binds
	wide     bool // default high-water marks instead of 1
	deaf     bool // the fars subscribe to nothing
	topic    string
	mode     string // of the receivers: To, RoundRobin, ByTopic
	skip     bool
}

// The types of the peers, and how a message finds one of several.
var (
	farType = map[zmq.Type]zmq.Type{
		socket.Req: socket.Rep, socket.Rep: socket.Dealer, socket.Dealer: socket.Dealer, socket.Router: socket.Dealer,
		socket.Pub: socket.Sub, socket.Sub: socket.Pub, socket.XPub: socket.XSub, socket.XSub: socket.XPub,
		socket.Push: socket.Pull, socket.Pull: socket.Push, socket.Pair: socket.Pair, socket.Stream: socket.Stream,
	}
	addressed = map[zmq.Type]bool{socket.Rep: true, socket.Router: true, socket.Stream: true}
	toAll     = map[zmq.Type]bool{socket.Pub: true, socket.XPub: true, socket.XSub: true}
)

func newStage(t *testing.T, p plan) *stage {
	s := &stage{Rig: rig.Start(t, zmqthread.Config{}), plan: p}
	s.in, s.me = s.Collector(), s.Collector()
	t.Cleanup(func() { // before the rig stops them: a reader that is shut would not
		for _, r := range s.readers {
			r.let()
		}
	})
	return s
}

// enter spawns the subject.
func (s *stage) enter() {
	s.cfg.Type = s.typ
	if s.connects {
		s.cfg.Connect = []string{s.meeting()}
	} else {
		s.cfg.Bind = []string{s.meeting()}
	}
	if _, receives := socket.Directions(s.typ); receives && s.cfg.Deliver.None() && s.mode != "none" {
		s.cfg.Deliver = socket.To(s.in.PID)
	}
	if s.typ == socket.Sub || s.typ == socket.XSub {
		s.cfg.Subscribe = []string{""}
	}
	s.cfg.Options = s.options(s.cfg.Options)
	s.pid = s.Spawn(s.cfg)
}

func (s *stage) meeting() string {
	if s.at == "" && s.typ == socket.Stream {
		s.at = s.Endpoint("tcp")
	} else if s.at == "" {
		s.at = s.Endpoint("inproc")
	}
	return s.at
}

// options are those of subject and fars: queues so short that one message more than a few does not
// fit.
func (s *stage) options(o socket.Options) socket.Options {
	o.ReconnectInterval, o.Linger = 5*time.Millisecond, shortly
	if !s.wide && o.SendHWM == 0 {
		o.SendHWM = 1
	}
	if !s.wide && o.RecvHWM == 0 {
		o.RecvHWM = 1
	}
	if s.typ == socket.Stream {
		o.SendBuffer, o.RecvBuffer = 16<<10, 16<<10
	}
	return o
}

// shortly is how long a socket lingers over what nobody will read.
const shortly = 100 * time.Millisecond

// far is a peer of the subject, and who reads it.
type far struct {
	*reader
	name   string
	pid    *actor.PID
	thread *zmqthread.Thread
	id     []byte // by which a ROUTER or STREAM knows it
}

// join spawns a peer whose reader reads, or not yet, and returns when both know one another.
func (s *stage) join(name string, reads bool) *far {
	f := s.invite(name, reads)
	if s.meet(f); f.thread != s.Thread {
		s.hang(f)
	}
	return f
}

// invite spawns a peer.
func (s *stage) invite(name string, reads bool) *far {
	f := &far{name: name, reader: s.reader(reads), thread: s.Thread}
	cfg := socket.Config{Type: farType[s.typ], Window: 1}
	f.echoes = cfg.Type == socket.Rep
	if reads || s.typ == socket.XSub {
		cfg.Window = 0 // so much that it is never the reason why nothing moves
	}
	switch {
	case cfg.Type == socket.Sub:
		cfg.Subscribe = []string{s.topic}
	case cfg.Type == socket.XSub && !s.deaf:
		cfg.Subscribe = []string{s.topic, name} // the subject sees the second, whoever else has the first
	case cfg.Type == socket.Dealer:
		cfg.Options.Identity = name
	}
	if _, receives := socket.Directions(cfg.Type); receives {
		cfg.Deliver = socket.To(f.reader.pid)
	}
	if s.connects {
		cfg.Bind = []string{s.meeting()}
	} else {
		cfg.Connect = s.At(s.pid)
	}
	if cfg.Options = s.options(cfg.Options); reads {
		cfg.Options.RecvHWM = 0
	}
	if s.typ == socket.XSub && !reads {
		f.thread = s.Beside(zmqthread.Config{Share: s.Thread})
	}
	f.pid = s.SpawnOn(f.thread, cfg)
	s.At(f.pid)
	s.fars = append(s.fars, f)
	return f
}

// hang stops the thread of an XPUB until its reader reads. Where others are mute when nobody takes
// what they have received, libzmq's XPUB reads on into its memory for as long as its thread runs.
func (s *stage) hang(f *far) {
	hangs := make(chan struct{})
	s.SpawnOn(f.thread, socket.Config{Type: socket.Pair, Configure: func(*zmq.Socket) error {
		close(hangs)
		<-f.open
		return nil
	}})
	<-hangs
}

// meet waits until subject and far know one another.
func (s *stage) meet(f *far) {
	s.T.Helper()
	if s.typ != socket.Stream { // which has no handshake
		s.Peers(s.pid, len(s.fars))
		s.Peers(f.pid, 1)
	}
	switch {
	case s.typ == socket.Router && s.mode == "":
		f.id = []byte(f.name)
		s.Put(f.pid, messages.Text("hello"))
		s.in.Message()
	case s.typ == socket.Stream && s.mode == "":
		f.id = s.in.Message().Frames[0]
	case s.typ == socket.XPub && !s.deaf:
		rig.Until(s.T, "the subscription", func() bool { return s.Counts(s.pid).Received > uint64(len(s.fars)) })
	case s.typ == socket.XSub:
		rig.Until(s.T, "the subscription", func() bool { return s.Counts(f.pid).Received > 0 })
	}
}
