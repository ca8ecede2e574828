package main

import (
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/messages"
)

// Their client and worker, with this proxy where their msgqueue is. The worker is killed on the way, and
// so is its request: their client is no pirate.
func TestGuideQueue(t *testing.T) {
	program := peer.Guide(t)
	b := start(t, &proxy{
		front: socket.Config{Type: socket.Router, Bind: []string{"tcp://127.0.0.1:5559"}},
		back:  socket.Config{Type: socket.Dealer, Bind: []string{"tcp://127.0.0.1:5560"}}})
	worker := program.Start("rrworker")
	b.Peers(b.backend, 1)
	client := program.Start("rrclient")
	for _, want := range []string{"0", "1", "2"} {
		if got := client.Await("Received reply "); got != want+" [World]" {
			t.Errorf("reply %s is %q", want, got)
		}
	}
	worker.Await("Received request: [Hello]")
	worker.Kill()
	program.Start("rrworker")
	second := program.Start("rrclient")
	if got := second.Await("Received reply "); got != "0 [World]" {
		t.Errorf("then %q", got)
	}
}

// Their msgqueue and this one, one behind the other, between our client and their worker.
func TestGuideBehindTheirs(t *testing.T) {
	program := peer.Guide(t)
	program.Start("msgqueue")
	program.Start("rrworker")
	b := start(t, &proxy{
		front: socket.Config{Type: socket.Router, Bind: wild},
		back:  socket.Config{Type: socket.Dealer, Bind: wild, Connect: []string{"tcp://127.0.0.1:5559"}}})
	asks := b.Spawn(socket.Config{Type: socket.Req, Connect: []string{b.front}})
	if got := b.Ask(asks, messages.Text("Hello")).Text(); got != "World" {
		t.Errorf("got %q", got)
	}
}

// Their publisher, of espresso, through this proxy: A to J come, and only what is asked for.
func TestGuideEspresso(t *testing.T) {
	program := peer.Guide(t)
	program.Start("espresso")
	b := start(t, &proxy{
		front: socket.Config{Type: socket.XSub, Connect: []string{"tcp://127.0.0.1:6000"}},
		back:  socket.Config{Type: socket.XPub, Bind: wild}})
	got := b.Collector()
	b.Spawn(socket.Config{Type: socket.Sub, Connect: []string{b.back}, Subscribe: []string{"C", "D"}, Deliver: socket.To(got.PID)})
	for range 5 {
		if m := got.Message().Text(); len(m) != len("C-00000") || m[0] != 'C' && m[0] != 'D' {
			t.Errorf("got %q", m)
		}
	}
}

// Their weather server, which publishes as fast as it can, and their client, through this proxy.
func TestGuideWeather(t *testing.T) {
	program := peer.Guide(t)
	t.Chdir(t.TempDir()) // where it binds weather.ipc
	program.Start("wuserver")
	b := start(t, &proxy{
		front: socket.Config{Type: socket.XSub, Connect: []string{"tcp://127.0.0.1:5556"}},
		back:  socket.Config{Type: socket.XPub, Bind: wild}})
	got := b.Collector()
	b.Spawn(socket.Config{Type: socket.Sub, Connect: []string{b.back}, Subscribe: []string{"10"}, Deliver: socket.To(got.PID)})
	for range 100 {
		if m := got.Message().Text(); m[:2] != "10" {
			t.Errorf("got %q", m)
		}
	}
}
