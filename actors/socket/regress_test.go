package socket_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// An answer of the wrong shape does not use a STREAM's request up.
func TestMalformedAnswerKeepsTheRequest(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	here, there := r.Collector(), r.Collector()
	server := r.Spawn(socket.Config{Type: socket.Stream, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(here.PID)})
	r.Spawn(socket.Config{Type: socket.Stream, Connect: r.At(server), Deliver: socket.To(there.PID)})
	mail := here.Next()
	there.Message() // that it is connected
	mail.Respond(messages.Text("two", "frames"))
	if m := here.Rejected(); !errors.Is(m, messages.ErrMalformed) {
		t.Error(m)
	}
	mail.Respond(messages.Text("one"))
	if m := there.Message(); string(m.Body()[0]) != "one" {
		t.Error(m)
	}
}

// muteOf connects a DEALER that reads nothing to a ROUTER whose mail goes to hello, and returns the
// ROUTER's name of it.
func (p *pipeline) muteOf(at []string, g *gate, hello *rig.Collector) []byte {
	mute := p.Spawn(socket.Config{Type: socket.Dealer, Connect: at, Deliver: socket.To(g.pid), Window: 1,
		Options: socket.Options{RecvHWM: 1}, NoMonitor: true})
	p.Root.Send(mute, messages.Text("hello"))
	return hello.Message().Frames[0]
}

// An adopted ROUTER goes on beside a mute peer, too.
func TestMutePeerOfAdoptedRouter(t *testing.T) {
	raw, at := native(t, zmq.ROUTER, "tcp://127.0.0.1:*",
		func(z *zmq.Socket) error { return errors.Join(z.SetRouterMandatory(1), z.SetSndhwm(1)) })
	p := &pipeline{Rig: rig.Start(t, zmqthread.Config{})}
	hello := p.Collector()
	router := p.Props(socket.Adopt(p.Thread, raw, socket.Config{Deliver: socket.To(hello.PID)}))
	g := p.gate()
	defer close(g.open)
	mute := p.muteOf([]string{at}, g, hello)
	other := p.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{at}, Deliver: socket.To(p.Collector().PID)})
	p.Root.Send(other, messages.Text("hello"))
	reads := hello.Message().Frames[0]
	rig.Until(t, "libzmq takes no more", func() bool {
		p.Root.Send(router, messages.Bytes(mute, make([]byte, 30_000)))
		return p.Counts(router).Queued > 10
	})
	p.Put(router, messages.Bytes(reads, []byte("x")))
	p.Stop(router)
}

// A second bind of the same file by another name is refused as well.
func TestSecondBindOfTheSameFile(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	dir := r.Dir()
	r.At(r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"ipc://" + filepath.Join(dir, "s")}}))
	for _, alias := range []string{"ipc://" + dir + "//s", "ipc://" + dir + "/./s"} {
		second := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{alias}})
		var held *zmqthread.HeldError
		rig.Until(t, "it is refused", func() bool { return errors.As(socket.Reason(r.Ctx, r.Root, second), &held) })
	}
}

// More mute peers than messages in a turn leave time for the others.
func TestMutePeersLeaveTimeForOthers(t *testing.T) {
	p := &pipeline{Rig: rig.Start(t, zmqthread.Config{TurnMessages: 4})}
	at, hello := []string{"inproc://starve"}, p.Collector()
	router := p.Spawn(socket.Config{Type: socket.Router, Bind: at, Deliver: socket.To(hello.PID), Options: socket.Options{SendHWM: 1},
		MuteTimeout: time.Hour})
	p.At(router)
	g := p.gate()
	defer close(g.open)
	other := p.Spawn(socket.Config{Type: socket.Dealer, Connect: at, Deliver: socket.To(p.Collector().PID)})
	p.Root.Send(other, messages.Text("hello"))
	reads := hello.Message().Frames[0]
	for range 20 {
		mute := p.muteOf(at, g, hello)
		for range 10 {
			p.Root.Send(router, messages.Bytes(mute, []byte("x")))
		}
		p.Put(router, messages.Bytes(reads, []byte("x")))
	}
	p.Stop(router)
}
