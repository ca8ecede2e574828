package main

import (
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// Our client, model three, at their server and at one of ours. Theirs is killed and comes back.
func TestGuideServer3(t *testing.T) {
	program := peer.Guide(t)
	r := rig.Start(t, zmqthread.Config{})
	theirs, ours := "tcp://localhost:5555", names(r, 1)[0]
	b := start(t, r, quick, theirs, ours)
	first := program.Start("flserver3", "-v")
	ok := func() {
		t.Helper()
		if reply, err := messages.Ask(r.Ctx, r.Root, b.self, messages.Text("name")); err != nil || reply.Text() != "OK" {
			t.Errorf("%v, %v", reply, err)
		}
	}
	for range 50 {
		ok()
	}
	pid := r.Root.Spawn(newServer(r.Thread, ours, ours, func([][]byte) [][]byte { return [][]byte{[]byte("OK")} }))
	defer r.Stop(pid)
	first.Kill()
	for range 50 {
		ok()
	}
	second := program.Start("flserver3", "-v")
	second.Await("[") // a ping
	for range 50 {
		ok()
	}
	if n := b.counted(); n.answered != 150 || n.failed != 0 || n.malformed != 0 {
		t.Errorf("%+v", n)
	}
}

// Their client, model three, at three servers of ours, of which those stop that it does not use at the time. (When
// the one that it uses dies, it may wait for ever: a poll for less than no time is one without end.)
func TestGuideClient3(t *testing.T) {
	program := peer.Guide(t)
	r := rig.Start(t, zmqthread.Config{})
	asked := make(chan int, 1<<16)
	var pids []*actor.PID
	for i, port := range []string{"5555", "5556", "5557"} {
		pids = append(pids, r.Root.Spawn(newServer(r.Thread, "tcp://127.0.0.1:"+port, "tcp://localhost:"+port, func([][]byte) [][]byte {
			asked <- i
			return [][]byte{[]byte("OK")}
		})))
	}
	c := program.Start("flclient3")
	var seen [3]int
	for done := false; !done; {
		select {
		case i := <-asked:
			if seen[i]++; seen[i] == 100 {
				for other, pid := range pids {
					if other != i && pid != nil {
						r.Stop(pid)
						pids[other] = nil
					}
				}
			}
		case line := <-c.Lines():
			done = strings.HasPrefix(line, "Average round trip cost:")
		case <-r.Ctx.Done():
			t.Fatalf("it does not end, after %v", seen)
		}
	}
	if seen != [3]int{1000, 0, 0} {
		t.Errorf("asked %v", seen)
	}
	for _, pid := range pids {
		if pid != nil {
			r.Stop(pid)
		}
	}
}

// Model one: ours at their servers, the first of which is killed; theirs at ours, of which there is no first.
func TestGuideModel1(t *testing.T) {
	program := peer.Guide(t)
	r := rig.Start(t, zmqthread.Config{})
	at := names(r, 3)
	var servers []*actor.PID
	var theirs []*peer.Process
	for _, endpoint := range at[:2] {
		p := program.Start("flserver1", endpoint)
		p.Await("I: echo service is ready")
		theirs = append(theirs, p)
		servers = append(servers, r.Spawn(socket.Config{Type: socket.Req, Connect: []string{endpoint}}))
	}
	for i := range 2 {
		if reply, err := inTurn(r.Ctx, r.Root, servers, time.Second, messages.Text("hello")); err != nil || reply.Text() != "hello" {
			t.Errorf("%v, %v", reply, err)
		}
		if i == 0 {
			theirs[0].Kill()
		}
	}
	r.At(r.Spawn(socket.Config{Type: socket.Rep, Bind: at[2:], Deliver: socket.To(r.Echo())}))
	c := program.Start("flclient1", at[0], at[2])
	c.Await("W: no response from " + at[0])
	c.Await(`Service is running OK: ["Hello world"]`)
}

// Model two: ours at their servers, one of which is killed; theirs at ours.
func TestGuideModel2(t *testing.T) {
	program := peer.Guide(t)
	r := rig.Start(t, zmqthread.Config{})
	at := names(r, 4)
	var servers []*actor.PID
	var theirs []*peer.Process
	for _, endpoint := range at[:2] {
		p := program.Start("flserver2", endpoint)
		p.Await("I: service is ready")
		theirs = append(theirs, p)
		servers = append(servers, r.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{endpoint}}))
	}
	for i := range 200 {
		if reply, err := allAtOnce(r.Ctx, r.Root, servers, messages.Text("17", "name")); err != nil || reply.Text() != "17 OK" {
			t.Fatalf("%v, %v", reply, err)
		}
		if i == 100 {
			theirs[0].Kill()
		}
	}
	ok := r.Actor(func(c actor.Context) {
		if m, is := c.Message().(*messages.Message); is {
			c.Respond(messages.Bytes(m.Body()[0], []byte("OK")))
		}
	})
	for _, endpoint := range at[2:] {
		r.At(r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{endpoint}, Deliver: socket.To(ok)}))
	}
	c := program.Start("flclient2", at[2], at[3])
	if line := c.Line(); !strings.HasPrefix(line, "Average round trip cost:") {
		t.Errorf("it says %q", line)
	}
}
