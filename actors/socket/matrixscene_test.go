package socket_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// scenes plays each condition and says what was seen, as a code. None knows what the document says.
var scenes = map[string]func(*stage) string{
	"outbox full":     sends((*stage).outboxFull),
	"peer mute":       sends((*stage).peerMute),
	"one of two mute": sends((*stage).oneOfTwoMute),
	"no peer yet":     sends((*stage).noPeerYet),
	"no such peer":    sends((*stage).noSuchPeer),
	"wrong turn":      (*stage).wrongTurn,

	"receiver full":   receives((*stage).receiverFull),
	"one of two full": receives((*stage).oneOfTwoFull),
	"receiver dead":   receives((*stage).receiverDead),
	"no receiver":     receives((*stage).noReceiver),
}

// sends plays a scene with types that send; the others refuse whatever there is to send.
func sends(scene func(*stage) string) func(*stage) string {
	return func(s *stage) string {
		if does, _ := socket.Directions(s.typ); does {
			return scene(s)
		}
		if code := s.refusesToSend(); code != "wrong direction" {
			return code
		}
		return "–"
	}
}

// receives plays a scene with types that receive; the others refuse receivers.
func receives(scene func(*stage) string) func(*stage) string {
	return func(s *stage) string {
		if _, does := socket.Directions(s.typ); does {
			return scene(s)
		}
		if code := s.refusesReceivers(); code != "config error" {
			return code
		}
		return "–"
	}
}

func (s *stage) refusesToSend() string {
	s.enter()
	s.join("far", true)
	s.sendSeveral(s.inTurn(nil))
	s.settle()
	return s.look().code()
}

func (s *stage) refusesReceivers() string {
	s.cfg.Deliver = socket.To(s.in.PID)
	s.enter()
	wrong := &socket.ConfigError{}
	if err := s.cfg.Validate(); !errors.As(err, &wrong) || wrong.Field != "Deliver" {
		return fmt.Sprint("something else: ", err)
	}
	if err := socket.Reason(s.Ctx, s.Root, s.pid); !errors.Is(err, messages.ErrConfig) {
		return fmt.Sprint("something else: ", err)
	}
	later := s.Spawn(socket.Config{Type: s.typ})
	if _, err := messages.Call(s.Ctx, s.Root, later, &socket.Attach{PID: s.in.PID}); !errors.Is(err, messages.ErrMalformed) {
		return fmt.Sprint("something else: ", err)
	}
	return "config error"
}

// peerMute: the only peer is connected and reads nothing.
func (s *stage) peerMute() string {
	s.enter()
	return s.mute(s.join("mute", false))
}

// oneOfTwoMute: another peer reads.
func (s *stage) oneOfTwoMute() string {
	s.enter()
	if s.typ == socket.Pair {
		return s.hasOnePeer()
	}
	return s.mute(s.join("mute", false), s.join("other", true))
}

func (s *stage) mute(fars ...*far) string {
	s.sendSeveral(s.inTurn(fars...))
	s.settle()
	if s.typ == socket.Rep || s.cfg.MuteTimeout > 0 {
		rig.Until(s.T, "nothing waits any more", func() bool { return waiting(s.Rig, s.pid) == 0 })
		s.settle()
	}
	o := s.look()
	fars[0].let()
	s.end(fars...)
	return s.after(o).code()
}

// hasOnePeer: a second one is turned away, and the first does not notice.
func (s *stage) hasOnePeer() string {
	first := s.join("first", true)
	second := s.invite("second", true)
	s.sendSeveral(s.inTurn(first))
	s.end(first)
	items, _ := first.got()
	items = slices.DeleteFunc(items, func(item string) bool { return strings.HasPrefix(item, "end") })
	if other, _ := second.got(); len(items) != several || len(other) > 0 || <-s.put != nil {
		return fmt.Sprintf("something else: %q, %q", items, other)
	}
	return "–"
}

// noPeerYet: the peer comes later.
func (s *stage) noPeerYet() string {
	s.wide = true
	if s.connects {
		s.at = s.Endpoint("ipc") // connecting makes a peer of an inproc endpoint at once
	}
	s.enter()
	s.sendSeveral(func(i int) (*far, *messages.Message) { return nil, s.to(nil, itemName(i)) })
	s.settle()
	o := s.look()
	s.end(s.join("late", true))
	return s.after(o).code()
}

// noSuchPeer: there is a peer, and the messages are for another.
func (s *stage) noSuchPeer() string {
	s.topic = "end" // all that a SUB wants
	if s.typ == socket.Rep {
		s.at = s.Endpoint("tcp")
		s.enter()
		return s.clientGone()
	}
	s.enter()
	there := s.join("there", true)
	if !addressed[s.typ] && s.typ != socket.Pub && s.typ != socket.XPub {
		return s.cannotAddress(there)
	}
	s.sendSeveral(func(i int) (*far, *messages.Message) { return nil, s.to(nil, itemName(i)) })
	s.settle()
	o := s.look()
	s.end(there)
	return s.after(o).code()
}

// cannotAddress: a name in front of a message is a frame like any other.
func (s *stage) cannotAddress(f *far) string {
	s.Put(s.pid, messages.Text("nobody", s.text("m00")))
	s.end(f)
	if head := f.head("m00"); head != "nobody" {
		return "something else: " + head
	}
	return "–"
}

// clientGone: whoever asked a REP is gone before it is answered. Over tcp, where the subject's monitor
// tells of that: whatever ZeroMQ's I/O thread brings from another client after that comes to the subject
// behind the end of the first.
func (s *stage) clientGone() string {
	gone, there := s.join("gone", true), s.join("there", true)
	var asked []*messages.Message
	for range several {
		asked = append(asked, s.request(gone))
	}
	s.Stop(gone.pid)
	s.fars = []*far{there}
	rig.Until(s.T, "the connection has ended", func() bool { return socket.Peers(s.System, s.pid) == 1 })
	s.request(there)
	s.sendSeveral(func(i int) (*far, *messages.Message) {
		return nil, messages.Reply(asked[i], messages.Text(s.text(itemName(i))))
	})
	s.settle()
	o := s.look()
	s.end(there)
	return s.after(o).code()
}

// outboxFull: libzmq takes nothing, and the outbox has room for nothing more.
func (s *stage) outboxFull() string {
	s.cfg.Outbox.Messages = 2
	if s.typ == socket.Rep {
		s.cfg.MuteTimeout = time.Hour // full is full: not what becomes of it in the end
	}
	f, release := s.stuck()
	for i := 0; s.Counts(s.pid).Queued < 2; i++ {
		if i == several {
			return "never full"
		}
		s.send(asActor, f, s.to(f, itemName(i)), itemName(i))
		if s.typ != socket.XSub {
			s.settle()
		}
	}
	oldest := len(s.sent) - 2
	for _, how := range []int{asActor, fromNobody, byPut} {
		item := itemName(len(s.sent))
		s.send(how, f, s.to(f, item), item)
		if s.typ != socket.XSub {
			s.settle()
		}
	}
	o := s.look()
	release()
	s.end(f)
	return s.after(o).overflow(oldest)
}

// stuck makes a subject of which libzmq takes no more. From an XSUB it takes everything, so the
// subject is one that is not open yet.
func (s *stage) stuck() (f *far, release func()) {
	if s.typ != socket.XSub {
		s.enter()
		f = s.join("mute", false)
		return f, f.let
	}
	s.connects = true
	f = s.invite("far", true)
	open := make(chan struct{})
	s.cfg.Configure = func(*zmq.Socket) error { <-open; return nil }
	s.enter()
	return f, func() { close(open); s.meet(f) }
}

// overflow says what became of the three that found the outbox full.
func (o *seen) overflow(oldest int) string {
	n := o.sent
	actors, nobodys, put := itemName(n-3), itemName(n-2), itemName(n-1)
	reason, back := o.Back[actors]
	dropped := o.Ledger.Discarded["overflow"]
	quiet := len(o.Back)+len(o.Dead) == 0 && dropped == 2
	switch {
	case !o.Ordered || o.Put != "waits" || o.Waiting != 1 || o.Ledger.Queued != 2 || slices.Contains(o.Lost, put):
	case back && reason == messages.Reason_FULL && len(o.Back) == 1 && slices.Equal(o.Dead, []string{nobodys}) &&
		len(o.Lost) == 0 && dropped == 0 && o.Ledger.Rejected == 2:
		return "rejected full"
	case quiet && slices.Equal(o.Lost, []string{actors, nobodys}):
		return "newest dropped"
	case quiet && len(o.Lost) == 2 && o.Lost[0] >= itemName(oldest) && o.Lost[1] < nobodys:
		return "oldest dropped" // what the thread is sending at that moment is spared, and the next one goes
	}
	return fmt.Sprintf("something else: %+v", *o)
}

// knows waits until the subject knows that a receiver has died.
func (s *stage) knows(dead *actor.PID) {
	s.T.Helper()
	rig.Until(s.T, "the subject knows", func() bool {
		_, err := messages.Call(s.Ctx, s.Root, s.pid, &socket.Detach{PID: dead})
		return errors.Is(err, messages.ErrMalformed)
	})
}
