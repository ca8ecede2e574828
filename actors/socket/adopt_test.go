package socket_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// native opens a socket of pebbe's as a user would, in a context of its own that must terminate when
// the test is over.
func native(t *testing.T, typ zmq.Type, bind string, options ...func(*zmq.Socket) error) (s *zmq.Socket, at string) {
	t.Helper()
	ctx, err := zmq.NewContext()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		term := make(chan error, 1)
		go func() { term <- ctx.Term() }()
		select {
		case err := <-term:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(rig.Patience):
			t.Error("the context of the adopted socket does not terminate: it is not closed")
		}
	})
	s, err = ctx.NewSocket(typ)
	for _, option := range options {
		if err == nil {
			err = option(s)
		}
	}
	if err == nil && bind != "" {
		if err = s.Bind(bind); err == nil {
			at, err = s.GetLastEndpoint()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return s, at
}

// A socket of every type, made and bound by somebody else, works as one of ours, but for what it
// was made to be.
func TestAdopt(t *testing.T) {
	subscribe := func(s *zmq.Socket) error { return s.SetSubscribe("") }
	for _, c := range []struct {
		typ  zmq.Type
		peer socket.Config
		set  func(*zmq.Socket) error
		talk func(r *rig.Rig, adopted, peer *actor.PID, atAdopted, atPeer *rig.Collector)
	}{
		{typ: zmq.PUSH, peer: socket.Config{Type: socket.Pull}, talk: there},
		{typ: zmq.PULL, peer: socket.Config{Type: socket.Push}, talk: back},
		{typ: zmq.PAIR, peer: socket.Config{Type: socket.Pair}, talk: both},
		{typ: zmq.DEALER, peer: socket.Config{Type: socket.Dealer}, talk: both},
		{typ: zmq.PUB, peer: socket.Config{Type: socket.Sub, Subscribe: []string{""}}, talk: published},
		{typ: zmq.XPUB, peer: socket.Config{Type: socket.Sub, Subscribe: []string{""}}, talk: subscribed},
		{typ: zmq.SUB, peer: socket.Config{Type: socket.Pub}, set: subscribe, talk: back},
		{typ: zmq.XSUB, peer: socket.Config{Type: socket.XPub}, talk: subscribing},
		{typ: zmq.REP, peer: socket.Config{Type: socket.Dealer}, talk: answers},
		{typ: zmq.REQ, peer: socket.Config{Type: socket.Rep}, talk: asks},
		{typ: zmq.ROUTER, peer: socket.Config{Type: socket.Dealer}, talk: answers},
	} {
		t.Run(c.typ.String(), func(t *testing.T) {
			rig.Leaks(t)
			set := c.set
			if set == nil {
				set = func(*zmq.Socket) error { return nil }
			}
			s, at := native(t, c.typ, "tcp://127.0.0.1:*", set)
			r := rig.Start(t, zmqthread.Config{})
			atAdopted, atPeer := r.Collector(), r.Collector()
			cfg := socket.Config{}
			if _, receives := socket.Directions(c.typ); receives {
				cfg.Deliver = socket.To(atAdopted.PID)
			}
			if _, receives := socket.Directions(c.peer.Type); receives {
				c.peer.Deliver = socket.To(atPeer.PID)
			}
			adopted := r.Props(socket.Adopt(r.Thread, s, cfg))
			r.At(adopted) // peers that came before it was adopted are not seen
			c.peer.Connect = []string{at}
			peer := r.Spawn(c.peer)
			r.Peers(peer, 1)
			r.Peers(adopted, 1)
			c.talk(r, adopted, peer, atAdopted, atPeer)
		})
	}
}

func there(r *rig.Rig, adopted, _ *actor.PID, _, atPeer *rig.Collector) {
	r.Put(adopted, messages.Text("there", ""))
	if m := atPeer.Message(); len(m.Frames) != 2 || string(m.Frames[0]) != "there" {
		r.T.Error(m.Text())
	}
}

func back(r *rig.Rig, _, peer *actor.PID, atAdopted, _ *rig.Collector) {
	r.Put(peer, messages.Text("back", ""))
	if m := atAdopted.Message(); len(m.Frames) != 2 || string(m.Frames[0]) != "back" {
		r.T.Error(m.Text())
	}
}

func both(r *rig.Rig, adopted, peer *actor.PID, atAdopted, atPeer *rig.Collector) {
	there(r, adopted, peer, atAdopted, atPeer)
	back(r, adopted, peer, atAdopted, atPeer)
}

// A PUB proper does not see its subscriptions, so it repeats itself until it is heard.
func published(r *rig.Rig, adopted, _ *actor.PID, _, atPeer *rig.Collector) {
	rig.Until(r.T, "the subscriber hears something", func() bool {
		r.Put(adopted, messages.Text("news"))
		select {
		case <-atPeer.Mail():
			return true
		default:
			return false
		}
	})
}

func subscribed(r *rig.Rig, adopted, peer *actor.PID, atAdopted, atPeer *rig.Collector) {
	if m := atAdopted.Message(); m.Text() != "\x01" {
		r.T.Error(m.Text())
	}
	there(r, adopted, peer, atAdopted, atPeer)
}

func subscribing(r *rig.Rig, adopted, peer *actor.PID, atAdopted, atPeer *rig.Collector) {
	r.Do(adopted, &messages.Subscribe{Topic: []byte("b")})
	if m := atPeer.Message(); m.Text() != "\x01b" {
		r.T.Error(m.Text())
	}
	back(r, adopted, peer, atAdopted, atPeer)
}

func answers(r *rig.Rig, _, peer *actor.PID, atAdopted, _ *rig.Collector) {
	for range 3 {
		asked := ask(r.Ctx, r, peer, "question")
		m, mail := rig.Take[*messages.Message](atAdopted)
		mail.Respond(messages.Bytes(m.Body()...))
		if err := <-asked; err != nil {
			r.T.Error(err)
		}
	}
}

func asks(r *rig.Rig, adopted, _ *actor.PID, _, atPeer *rig.Collector) {
	for range 3 {
		asked := ask(r.Ctx, r, adopted, "question")
		m, mail := rig.Take[*messages.Message](atPeer)
		mail.Respond(m)
		if err := <-asked; err != nil {
			r.T.Error(err)
		}
	}
}

func TestAdoptStream(t *testing.T) {
	rig.Leaks(t)
	s, at := native(t, zmq.STREAM, "tcp://127.0.0.1:*")
	r := rig.Start(t, zmqthread.Config{})
	got, echoed := r.Collector(), r.Collector()
	adopted := r.Props(socket.Adopt(r.Thread, s, socket.Config{Deliver: socket.To(got.PID)}))
	peer := r.Spawn(socket.Config{Type: socket.Stream, Connect: []string{at}, Deliver: socket.To(echoed.PID)})
	got.Message() // connected
	hello := echoed.Message()
	r.Root.Send(peer, messages.Reply(hello, messages.Text("bytes")))
	m, mail := rig.Take[*messages.Message](got)
	mail.Respond(messages.Text("re: " + m.Text()))
	if m := echoed.Message(); m.Text() != "re: bytes" {
		t.Error(m.Text())
	}
	r.At(adopted)
}

// What it was bound to is kept, and Config adds to it.
func TestAdoptAddsConfig(t *testing.T) {
	rig.Leaks(t)
	s, at := native(t, zmq.PULL, "tcp://127.0.0.1:*")
	r := rig.Start(t, zmqthread.Config{})
	got := r.Collector()
	configured := false
	pull := r.Props(socket.Adopt(r.Thread, s, socket.Config{
		Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(got.PID), Options: socket.Options{RecvHWM: 5},
		Configure: func(z *zmq.Socket) error {
			n, err := z.GetRcvhwm()
			configured = n == 5
			return err
		}}))
	all := append(r.At(pull), at)
	if len(all) != 2 || !configured {
		t.Errorf("bound to %v, configured: %v", all, configured)
	}
	for _, at := range all {
		push := r.Spawn(socket.Config{Type: socket.Push, Connect: []string{at}})
		r.Put(push, messages.Text(at))
		if m := got.Message(); m.Text() != at {
			t.Error(m.Text())
		}
	}
}

// What cannot be adopted is a ConfigError.
func TestAdoptRefused(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	wrong, _ := native(t, zmq.PULL, "")
	closed, _ := native(t, zmq.PULL, "")
	closed.Close()
	for name, c := range map[string]struct {
		socket *zmq.Socket
		typ    zmq.Type
		field  string
	}{
		"nil":            {nil, socket.Pull, "Adopt"},
		"nil, no type":   {nil, 0, "Adopt"},
		"closed":         {closed, socket.Pull, "Adopt"},
		"another's type": {wrong, socket.Push, "Type"},
	} {
		t.Run(name, func(t *testing.T) {
			pid := r.Props(socket.Adopt(r.Thread, c.socket, socket.Config{Type: c.typ}))
			_, err := socket.Endpoints(r.Ctx, r.Root, pid)
			isConfigError(t, "Endpoints", err, c.field)
		})
	}
	wrong.Close() // nobody took it
}

// Props of an adopted socket are good for one actor. Neither another spawn nor a failure takes the
// socket away from it.
func TestAdoptTwice(t *testing.T) {
	rig.Leaks(t)
	s, at := native(t, zmq.PULL, "tcp://127.0.0.1:*")
	r := rig.Start(t, zmqthread.Config{})
	got := r.Collector()
	props := socket.Adopt(r.Thread, s, socket.Config{Deliver: socket.To(got.PID)})
	first, second := r.Props(props), r.Props(props)
	_, err := socket.Endpoints(r.Ctx, r.Root, second)
	isConfigError(t, "a second spawn", err, "Adopt")
	push := r.Spawn(socket.Config{Type: socket.Push, Connect: []string{at}})
	r.Put(push, messages.Text("x"))
	got.Message()
	r.At(first)
}

// An adopted socket cannot be opened again: where another would be, it stops and says so.
func TestAdoptCannotReopen(t *testing.T) {
	rig.Leaks(t)
	s, _ := native(t, zmq.PULL, "tcp://127.0.0.1:*")
	r := rig.Start(t, zmqthread.Config{})
	broken := errors.New("broken")
	pid := r.Props(socket.Adopt(r.Thread, s, socket.Config{Configure: func(*zmq.Socket) error { return broken }}))
	if _, err := socket.Endpoints(r.Ctx, r.Root, pid); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// The actor's end is the socket's.
func TestAdoptedIsClosed(t *testing.T) {
	rig.Leaks(t)
	s, _ := native(t, zmq.PULL, "tcp://127.0.0.1:*")
	r := rig.Start(t, zmqthread.Config{})
	pid := r.Props(socket.Adopt(r.Thread, s, socket.Config{}))
	r.At(pid)
	r.Stop(pid)
	if err := socket.Reason(r.Ctx, r.Root, pid); err != nil {
		t.Error(err)
	}
	// native checks that its context terminates.
}

// An adopted REP is a native one: it takes its turns, and an answer out of turn has no request.
func TestAdoptedRepIsStrict(t *testing.T) {
	rig.Leaks(t)
	s, at := native(t, zmq.REP, "tcp://127.0.0.1:*")
	r := rig.Start(t, zmqthread.Config{})
	got := r.Collector()
	rep := r.Props(socket.Adopt(r.Thread, s, socket.Config{Deliver: socket.To(got.PID)}))
	if err := messages.Put(r.Ctx, r.Root, rep, messages.Text("nobody asked")); !errors.Is(err, messages.ErrNoRequest) {
		t.Error(err)
	}
	dealer := r.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{at}})
	questions := []string{"1", "2", "3"}
	var asked []<-chan error
	for _, q := range questions {
		asked = append(asked, ask(r.Ctx, r, dealer, q))
	}
	var order []string
	for range questions {
		m, mail := rig.Take[*messages.Message](got)
		got.Empty() // the next comes when this is answered
		order = append(order, m.Text())
		mail.Respond(messages.Bytes(m.Frames...))
		mail.Respond(messages.Text("again"))
		if rejected := got.Rejected(); !errors.Is(rejected, messages.ErrNoRequest) {
			t.Error(rejected)
		}
	}
	for _, a := range asked {
		if err := <-a; err != nil {
			t.Error(err)
		}
	}
	if slices.Sort(order); !slices.Equal(order, questions) {
		t.Error(order)
	}
}
