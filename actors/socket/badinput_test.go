package socket_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// A wrong Config is a ConfigError that names the field, before anything is opened: from Validate,
// and from the actor whatever it is asked.
func TestBadConfig(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	somebody := r.Echo()
	for _, c := range []struct {
		field string
		cfg   socket.Config
	}{
		{"Type", socket.Config{Type: 99}},
		{"Type", socket.Config{Type: -1}},
		{"Type", socket.Config{Type: 12}}, // SERVER, a draft
		{"Bind[0]", socket.Config{Type: socket.Pull, Bind: []string{""}}},
		{"Bind[0]", socket.Config{Type: socket.Pull, Bind: []string{"127.0.0.1:5555"}}},
		{"Bind[0]", socket.Config{Type: socket.Pull, Bind: []string{"http://127.0.0.1:5555"}}},
		{"Bind[1]", socket.Config{Type: socket.Pull, Bind: []string{"inproc://fine", "tcp://127.0.0.1:99999"}}},
		{"Bind[0]", socket.Config{Type: socket.Pull, Bind: []string{"cluster://or/ders"}}},
		{"Bind[0]", socket.Config{Type: socket.Pull, Bind: []string{"ipc://" + string(make([]byte, 200))}}},
		{"Bind[0]", socket.Config{Type: socket.Stream, Bind: []string{"inproc://stream"}}},
		{"Connect[0]", socket.Config{Type: socket.Push, Connect: []string{"tcp://*:5555"}}},
		{"Connect[0]", socket.Config{Type: socket.Push, Connect: []string{"tcp://127.0.0.1:*"}}},
		{"Connect[0]", socket.Config{Type: socket.Push, Connect: []string{"ws://127.0.0.1:5555"}}},
		{"Subscribe", socket.Config{Type: socket.Push, Subscribe: []string{""}}},
		{"Subscribe", socket.Config{Type: socket.Pub, Subscribe: []string{"topic"}}},
		{"Subscribe", socket.Config{Type: socket.Sub, Subscribe: []string{strings.Repeat("x", 5000)}}},
		{"Outbox.Messages", socket.Config{Type: socket.Push, Outbox: socket.Limit{Messages: -1}}},
		{"Outbox.Bytes", socket.Config{Type: socket.Push, Outbox: socket.Limit{Bytes: -1}}},
		{"Window", socket.Config{Type: socket.Pull, Window: -1}},
		{"Batch", socket.Config{Type: socket.Pull, Batch: math.MinInt}},
		{"Batch", socket.Config{Type: socket.Rep, Batch: 10}},
		{"MaxMessage", socket.Config{Type: socket.Pull, MaxMessage: -1}},
		{"ReplyTimeout", socket.Config{Type: socket.Req, ReplyTimeout: -time.Second}},
		{"InService", socket.Config{Type: socket.Rep, InService: -1}},
		{"Overflow", socket.Config{Type: socket.Push, Overflow: 3}},
		{"Overflow", socket.Config{Type: socket.Push, Overflow: -1}},
		{"Deliver", socket.Config{Type: socket.Pull, Deliver: socket.To(nil)}},
		{"Deliver", socket.Config{Type: socket.Pull, Deliver: socket.To(somebody, nil)}},
		{"Deliver", socket.Config{Type: socket.Pull, Deliver: socket.RoundRobin(nil)}},
		{"Deliver", socket.Config{Type: socket.Sub, Deliver: socket.ByTopic(map[string]*actor.PID{"a": nil})}},
		{"Deliver", socket.Config{Type: socket.Push, Deliver: socket.To(somebody)}},
		{"Options.SendHWM", socket.Config{Type: socket.Push, Options: socket.Options{SendHWM: -1}}},
		{"Options.Identity", socket.Config{Type: socket.Push, Options: socket.Options{Identity: "me"}}},
		{"Options.DropUnroutable", socket.Config{Type: socket.Push, Options: socket.Options{DropUnroutable: true}}},
	} {
		t.Run(fmt.Sprintf("%s %s", c.cfg.Type, c.field), func(t *testing.T) {
			opened := false
			c.cfg.Configure = func(*zmq.Socket) error { opened = true; return nil }
			isConfigError(t, "Validate", c.cfg.Validate(), c.field)
			pid := r.Spawn(c.cfg)
			_, asked := messages.Ask(r.Ctx, r.Root, pid, messages.Text("x"))
			isConfigError(t, "Ask", asked, c.field)
			isConfigError(t, "Put", messages.Put(r.Ctx, r.Root, pid, messages.Text("x")), c.field)
			_, command := messages.Call(r.Ctx, r.Root, pid, &messages.Bind{Endpoint: "inproc://x"})
			isConfigError(t, "Bind", command, c.field)
			_, endpoints := socket.Endpoints(r.Ctx, r.Root, pid)
			isConfigError(t, "Endpoints", endpoints, c.field)
			isConfigError(t, "Reason", socket.Reason(r.Ctx, r.Root, pid), c.field)
			if opened {
				t.Error("something was opened")
			}
		})
	}
}

func isConfigError(t *testing.T, what string, err error, field string) {
	t.Helper()
	var wrong *socket.ConfigError
	if !errors.As(err, &wrong) || wrong.Field != field || !errors.Is(err, messages.ErrConfig) {
		t.Errorf("%s: %v, not a ConfigError about %s", what, err, field)
	}
}

func TestBadThreadConfig(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	for _, cfg := range []zmqthread.Config{
		{IOThreads: -1}, {MaxSockets: -1}, {TurnMessages: -1}, {TurnBytes: -1},
		{Share: r.Thread, IOThreads: 1}, {Share: r.Thread, MaxSockets: 10},
	} {
		if _, err := zmqthread.Start(r.System, cfg); !errors.Is(err, zmqthread.ErrConfig) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	r.Shutdown()
	if _, err := zmqthread.Start(r.System, zmqthread.Config{Share: r.Thread}); !errors.Is(err, zmqthread.ErrShutdown) {
		t.Errorf("sharing with a thread that was shut down: %v", err)
	}
}

// A receiver that is dead, or dies, stops the socket, which says so.
func TestBadReceiver(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	dead := r.Actor(func(actor.Context) {})
	r.Stop(dead)
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://dead"}, Deliver: socket.To(dead)})
	nowhere := r.Spawn(socket.Config{Type: socket.Pull, Deliver: socket.To(actor.NewPID("nowhere:1", "nobody"))})
	dying := r.Actor(func(actor.Context) {})
	sub := r.Spawn(socket.Config{Type: socket.Sub, Deliver: socket.To(dying)})
	r.At(sub)
	r.Stop(dying)
	for _, pid := range []*actor.PID{pull, nowhere, sub} {
		rig.Until(t, "the socket has stopped", func() bool { return socket.Reason(r.Ctx, r.Root, pid) != nil })
		if err := socket.Reason(r.Ctx, r.Root, pid); !errors.Is(err, socket.ErrReceiverGone) {
			t.Error(err)
		}
	}
}

// Ask, Put and commands to nobody are answered at once.
func TestBadPID(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	gone := r.Actor(func(actor.Context) {})
	r.Stop(gone)
	for name, c := range map[string]struct {
		pid  *actor.PID
		want error
	}{
		"nil":         {nil, messages.ErrNilPID},
		"stopped":     {gone, messages.ErrStopped},
		"never was":   {actor.NewPID(r.System.Address(), "nobody"), messages.ErrStopped},
		"no such way": {actor.NewPID("nowhere:1", "nobody"), messages.ErrStopped},
		"empty":       {&actor.PID{}, messages.ErrStopped},
	} {
		t.Run(name, func(t *testing.T) {
			_, asked := messages.Ask(r.Ctx, r.Root, c.pid, messages.Text("x"))
			_, called := messages.Call(r.Ctx, r.Root, c.pid, &messages.Connect{Endpoint: "inproc://x"})
			_, endpoints := socket.Endpoints(r.Ctx, r.Root, c.pid)
			_, counts := socket.Counts(r.Ctx, r.Root, c.pid)
			for what, err := range map[string]error{
				"ask": asked, "put": messages.Put(r.Ctx, r.Root, c.pid, messages.Text("x")), "command": called,
				"endpoints": endpoints, "counts": counts, "peers": socket.WaitPeers(r.Ctx, r.Root, c.pid, 1),
			} {
				if !errors.Is(err, c.want) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
	canceled, cancel := context.WithCancel(r.Ctx)
	cancel()
	if _, err := messages.Ask(canceled, r.Root, gone, messages.Text("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("a ctx that has ended: %v", err)
	}
}

// refusals tries one message in every way in which a sender can hear that it was not sent: sent by
// an actor, sent by nobody, put, and asked.
type refusals struct {
	*rig.Rig
	pid *actor.PID
	me  *rig.Collector
}

func refusing(r *rig.Rig, cfg socket.Config) *refusals {
	if len(cfg.Bind)+len(cfg.Connect) == 0 {
		cfg.Bind = []string{"tcp://127.0.0.1:*"}
	}
	return &refusals{r, r.Spawn(cfg), r.Collector()}
}

func (f *refusals) sent(m any, want error) {
	f.T.Helper()
	f.Root.RequestWithCustomSender(f.pid, m, f.me.PID)
	rejected := f.me.Rejected()
	if !errors.Is(rejected, want) {
		f.T.Errorf("sent: %v, not %v", rejected, want)
	}
	message, _ := m.(*messages.Message)
	batch, _ := m.(*messages.Batch)
	if rejected.Message != message || rejected.Batch != batch {
		f.T.Errorf("sent %v, came back as %v", m, rejected)
	}
	before := len(f.Dead.To(f.pid))
	f.Root.Send(f.pid, m)
	if message == nil && batch == nil {
		return // no data
	}
	rig.Until(f.T, "it is a dead letter", func() bool { return len(f.Dead.To(f.pid)) > before })
}

func (f *refusals) put(m any, want error) {
	f.T.Helper()
	if err := messages.Put(f.Ctx, f.Root, f.pid, m); !errors.Is(err, want) {
		f.T.Errorf("put: %v, not %v", err, want)
	}
}

func (f *refusals) asked(m *messages.Message, want error) {
	f.T.Helper()
	if _, err := messages.Ask(f.Ctx, f.Root, f.pid, m); !errors.Is(err, want) {
		f.T.Errorf("asked: %v, not %v", err, want)
	}
}

func TestEmptyMessage(t *testing.T) {
	for _, typ := range []zmq.Type{socket.Push, socket.Req, socket.Rep, socket.Dealer, socket.Router, socket.Pub, socket.XSub, socket.Pair} {
		t.Run(typ.String(), func(t *testing.T) {
			rig.Leaks(t)
			f := refusing(rig.Start(t, zmqthread.Config{}), socket.Config{Type: typ})
			for _, m := range []*messages.Message{{}, messages.Text(), messages.Bytes(), {Frames: [][]byte{}, Envelope: 3}} {
				f.sent(m, messages.ErrMalformed)
				f.put(m, messages.ErrMalformed)
				f.asked(m, messages.ErrMalformed)
			}
			f.put(nil, messages.ErrMalformed)
			f.put((*messages.Message)(nil), messages.ErrMalformed)
			f.put((*messages.Batch)(nil), messages.ErrMalformed)
			f.put("text", messages.ErrMalformed)
			f.asked(nil, messages.ErrMalformed)
			if l := f.Counts(f.pid); l.Accepted != 0 || l.Rejected == 0 {
				t.Errorf("%+v", l)
			}
		})
	}
}

func TestMalformedBatch(t *testing.T) {
	rig.Leaks(t)
	f := refusing(rig.Start(t, zmqthread.Config{}), socket.Config{Type: socket.Push})
	for name, b := range map[string]*messages.Batch{
		"empty":        {},
		"no data":      {Lens: []uint32{3}, Count: 1},
		"more data":    {Data: []byte("four"), Lens: []uint32{3}, Count: 1},
		"more count":   {Data: []byte("abc"), Lens: []uint32{3}, Count: 2},
		"less count":   {Data: []byte("abc"), Lens: []uint32{1, 2}, Count: 1},
		"open end":     {Data: []byte("abc"), Lens: []uint32{3 | messages.More}, Count: 0},
		"open end too": {Data: []byte("abc"), Lens: []uint32{1, 2 | messages.More}, Count: 1},
		"count only":   {Count: 1},
		"huge":         {Data: []byte("abc"), Lens: []uint32{math.MaxUint32, 4}, Count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			f.sent(b, messages.ErrMalformed)
			f.put(b, messages.ErrMalformed)
		})
	}
}

// What comes from other processes may have fields that are not set.
func TestMalformedOffer(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	push := mute(r, socket.Reject)
	defer r.Stop(push)
	for name, offer := range map[string]*messages.Offer{
		"nothing":       {},
		"empty message": {Message: &messages.Message{}, Accept: true},
		"empty batch":   {Batch: &messages.Batch{}},
		"nil":           nil,
	} {
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("%s: panic in the sender: %v", name, p)
				}
			}()
			if _, err := messages.Call(r.Ctx, r.Root, push, offer); !errors.Is(err, messages.ErrMalformed) {
				t.Errorf("%s: %v", name, err)
			}
		}()
	}
	for range 3 { // the outbox holds two
		r.Root.Send(push, &messages.Offer{Message: messages.Text("from nobody")})
	}
	if l := r.Counts(push); l.Queued != 2 || l.Rejected != 5 {
		t.Errorf("%+v", l)
	}
}

// A command that is a nil pointer is refused.
func TestNilCommand(t *testing.T) {
	for _, command := range []any{(*messages.Bind)(nil), (*messages.Connect)(nil), (*messages.Subscribe)(nil), (*socket.SetOptions)(nil)} {
		t.Run(fmt.Sprintf("%T", command), func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			sub := r.SpawnSupervised(stopIt, socket.Config{Type: socket.Sub})
			ctx, cancel := context.WithTimeout(r.Ctx, 2*time.Second)
			defer cancel()
			if _, err := messages.Call(ctx, r.Root, sub, command); !errors.Is(err, messages.ErrMalformed) {
				t.Fatal(err)
			}
			r.At(sub) // lives
		})
	}
}

// Without a thread there is no socket.
func TestNilThread(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	pid := r.SpawnOn(nil, socket.Config{Type: socket.Push}, actor.WithGuardian(stopIt))
	ctx, cancel := context.WithTimeout(r.Ctx, 2*time.Second)
	defer cancel()
	err := messages.Put(ctx, r.Root, pid, messages.Text("x"))
	isConfigError(t, "Put", err, "Thread")
}

// Whoever waits when a socket fails for good learns why, with the error number.
func TestFailureReachesWhoWaits(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	opening, open := make(chan struct{}), make(chan struct{})
	push := r.SpawnSupervised(stopIt, socket.Config{Type: socket.Dealer, Bind: []string{"tcp://192.0.2.1:5555"},
		Configure: func(*zmq.Socket) error { close(opening); <-open; return nil }})
	<-opening
	done := make(chan error, 4)
	go func() { done <- messages.Put(r.Ctx, r.Root, push, messages.Text("x")) }()
	go func() { _, err := messages.Ask(r.Ctx, r.Root, push, messages.Text("x")); done <- err }()
	rig.Until(t, "they wait", func() bool { return waiting(r, push) == 2 })
	go func() { _, err := socket.Endpoints(r.Ctx, r.Root, push); done <- err }()
	go func() { done <- socket.WaitPeers(r.Ctx, r.Root, push, 1) }()
	close(open)
	for range cap(done) {
		if err := <-done; !errors.Is(err, messages.ErrStopped) || !errors.Is(err, syscall.EADDRNOTAVAIL) {
			t.Error(err)
		}
	}
}

func TestWrongDirection(t *testing.T) {
	for _, typ := range []zmq.Type{socket.Pull, socket.Sub} {
		t.Run(typ.String(), func(t *testing.T) {
			rig.Leaks(t)
			f := refusing(rig.Start(t, zmqthread.Config{}), socket.Config{Type: typ})
			f.sent(messages.Text("x"), messages.ErrWrongDirection)
			f.sent(messages.Pack(messages.Text("x"), messages.Text("y")), messages.ErrWrongDirection)
			f.put(messages.Text("x"), messages.ErrWrongDirection)
			f.asked(messages.Text("x"), messages.ErrWrongDirection)
		})
	}
}

func TestNoReplies(t *testing.T) {
	for _, typ := range []zmq.Type{socket.Push, socket.Pub, socket.XPub, socket.XSub, socket.Pair, socket.Rep, socket.Router, socket.Stream} {
		t.Run(typ.String(), func(t *testing.T) {
			rig.Leaks(t)
			f := refusing(rig.Start(t, zmqthread.Config{}), socket.Config{Type: typ})
			f.asked(messages.Text("who", "answers"), messages.ErrUnsupported)
			a, err := f.Root.RequestFuture(f.pid, messages.Text("who", "answers"), rig.Patience).Result()
			if rejected, ok := a.(*messages.Rejected); !ok || !errors.Is(rejected, messages.ErrUnsupported) {
				t.Errorf("a Future: %v, %v", a, err)
			}
		})
	}
}

func TestForeignMessage(t *testing.T) {
	rig.Leaks(t)
	f := refusing(rig.Start(t, zmqthread.Config{}), socket.Config{Type: socket.Dealer})
	for _, m := range []any{"text", 42, []byte("bytes"), &struct{ X int }{1}, messages.Message{}, &messages.Taken{}} {
		f.sent(m, messages.ErrUnsupported)
	}
	if _, err := messages.Call(f.Ctx, f.Root, f.pid, "text"); !errors.Is(err, messages.ErrUnsupported) {
		t.Error(err)
	}
	f.At(f.pid) // lives
}

// An answer needs a request, and every request has one answer.
func TestNoRequest(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	got := r.Collector()
	f := refusing(r, socket.Config{Type: socket.Rep, Deliver: socket.To(got.PID)})
	f.sent(messages.Text("nobody asked"), messages.ErrNoRequest)
	f.put(messages.Text("nobody asked"), messages.ErrNoRequest)
	f.sent(&messages.Message{Frames: [][]byte{{'x'}}, Request: 77}, messages.ErrNoRequest)

	dealer := r.Spawn(socket.Config{Type: socket.Dealer, Connect: r.At(f.pid)})
	asked := ask(r.Ctx, r, dealer, "question")
	_, mail := rig.Take[*messages.Message](got)
	again := ask(r.Ctx, r, dealer, "again")
	_, mailAgain := rig.Take[*messages.Message](got)
	f.sent(messages.Text("to which of them?"), messages.ErrNoRequest)
	mail.Respond(messages.Text("question"))
	if err := <-asked; err != nil {
		t.Error(err)
	}
	mail.Respond(messages.Text("a second answer"))
	if rejected := got.Rejected(); !errors.Is(rejected, messages.ErrNoRequest) || rejected.Message.Text() != "a second answer" {
		t.Errorf("%v: %v", rejected, rejected.Message)
	}
	mailAgain.Respond(messages.Text("again"))
	if err := <-again; err != nil {
		t.Error(err)
	}
}

// One request has one answer: a batch of two is none, and takes nothing away.
func TestTwoAnswersInOne(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	got := r.Collector()
	rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(got.PID)})
	req := r.Spawn(socket.Config{Type: socket.Req, Connect: r.At(rep)})
	asked := ask(r.Ctx, r, req, "question")
	_, mail := rig.Take[*messages.Message](got)
	mail.Respond(messages.Pack(messages.Text("one"), messages.Text("two")))
	if rejected := got.Rejected(); !errors.Is(rejected, messages.ErrNoRequest) {
		t.Error(rejected)
	}
	mail.Respond(messages.Text("question"))
	if err := <-asked; err != nil {
		t.Error(err)
	}
}

// A message to an identity that nobody has comes back, and those behind it go their way.
func TestUnreachable(t *testing.T) {
	for _, typ := range []zmq.Type{socket.Router, socket.Stream} {
		t.Run(typ.String(), func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			f := refusing(r, socket.Config{Type: typ})
			f.put(messages.Text("nobody", "hello"), messages.ErrUnreachable)
			f.put(messages.Text("nobody", "hello"), syscall.EHOSTUNREACH)
			f.put(messages.Pack(messages.Text("nobody", "hello")), messages.ErrUnreachable)
			for _, alone := range []*messages.Message{messages.Text("identity only"), messages.Text("")} {
				f.put(alone, messages.ErrMalformed)
			}
			m := messages.Text("nobody", "hello")
			r.Root.RequestWithCustomSender(f.pid, m, f.me.PID)
			if rejected := f.me.Rejected(); !errors.Is(rejected, messages.ErrUnreachable) || rejected.Message.Text() != m.Text() {
				t.Errorf("%v: %v", rejected, rejected.Message)
			}
			r.Root.Send(f.pid, m)
			rig.Until(t, "it is a dead letter", func() bool { return len(r.Dead.To(f.pid)) == 1 })
			if l := r.Counts(f.pid); l.Discarded["unreachable"] != 5 || l.Taken != 0 {
				t.Errorf("five were for nobody: %+v", l)
			}
		})
	}
}

// A batch with messages for nobody is put when the others are taken; its sender hears of the one
// that was not.
func TestUnreachableInBatch(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	got := r.Collector()
	router := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{"tcp://127.0.0.1:*"}})
	r.Spawn(socket.Config{Type: socket.Dealer, Connect: r.At(router), Deliver: socket.To(got.PID), Options: socket.Options{Identity: "bob"}})
	r.Peers(router, 1)
	err := messages.Put(r.Ctx, r.Root, router, messages.Pack(
		messages.Text("bob", "1"), messages.Text("nobody", "2"), messages.Text("bob", "3")))
	if !errors.Is(err, messages.ErrUnreachable) {
		t.Error(err)
	}
	for _, want := range []string{"1", "3"} {
		if m := got.Message(); m.Text() != want {
			t.Errorf("%q, not %q", m.Text(), want)
		}
	}
}

// The client of a REP is gone before it is answered.
func TestClientGone(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	got := r.Collector()
	rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(got.PID)})
	dealer := r.Spawn(socket.Config{Type: socket.Dealer, Connect: r.At(rep)})
	const requests = 2
	for i := range requests {
		r.Root.Send(dealer, messages.Text("", fmt.Sprint(i)))
	}
	var waiting []rig.Mail
	for range requests {
		_, mail := rig.Take[*messages.Message](got)
		waiting = append(waiting, mail)
	}
	r.Stop(dealer)
	// Its end is an event of the transport: wait until the socket knows.
	rig.Until(t, "the peer is gone", func() bool {
		ctx, cancel := context.WithTimeout(r.Ctx, time.Millisecond)
		defer cancel()
		return socket.WaitPeers(ctx, r.Root, rep, 1) != nil
	})
	for _, mail := range waiting {
		mail.Respond(messages.Text("answer"))
		if rejected := got.Rejected(); !errors.Is(rejected, messages.ErrUnreachable) {
			t.Error(rejected)
		}
	}
}

// MaxMessage bounds what is sent, and what is received.
func TestTooLarge(t *testing.T) {
	for _, batch := range []int{0, 10} {
		t.Run(fmt.Sprintf("batch %d", batch), func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			got := r.Collector()
			pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(got.PID), MaxMessage: 5, Batch: batch})
			f := refusing(r, socket.Config{Type: socket.Push, Connect: r.At(pull), MaxMessage: 10})
			f.sent(messages.Text("12345678901"), messages.ErrTooLarge)
			f.sent(messages.Text("12345", "", "678901"), messages.ErrTooLarge)
			f.put(messages.Pack(messages.Text("1"), messages.Text("12345678901")), messages.ErrTooLarge)
			for _, text := range [][]string{{"12345"}, {"123456"}, {"1234", "56", "7"}, {"12", "345"}, {"1234567890"}, {"", ""}} {
				r.Put(f.pid, messages.Text(text...))
			}
			wanted := []string{"12345", "12 345", " "}
			for i, m := range got.Messages(len(wanted)) {
				if m.Text() != wanted[i] {
					t.Errorf("%q, not %q", m.Text(), wanted[i])
				}
			}
			if l := r.Counts(pull); l.Received != 6 || l.Dropped["too large"] != 3 {
				t.Errorf("three of six were too large: %+v", l)
			}
			if l := r.Counts(f.pid); l.Accepted != 6 || l.Taken != 6 {
				t.Errorf("%+v", l)
			}
		})
	}
}

// An XSUB cannot send a frame behind the first that begins with 0 or 1: libzmq would take it for a
// subscription of its own and out of the message, with the end of the message if it is there.
func TestSubscriptionInsideMessage(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	got := r.Collector()
	xpub := r.Spawn(socket.Config{Type: socket.XPub, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(got.PID)})
	f := refusing(r, socket.Config{Type: socket.XSub, Connect: r.At(xpub)})
	r.Peers(f.pid, 1)
	f.sent(messages.Text("a", "\x00b"), messages.ErrMalformed)
	f.sent(messages.Text("a", "\x01b", "c"), messages.ErrMalformed)
	r.Put(f.pid, messages.Text("whole"))
	if m := got.Message(); len(m.Frames) != 1 || m.Text() != "whole" {
		t.Errorf("%q", m.Frames)
	}
}
