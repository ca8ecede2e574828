package main

import (
	"testing"

	"github.com/sockeye-mq/sockeye/internal/peer"
)

// Python's client, whose patience ends early, and a titanic that is killed again and again while it stores,
// fetches and closes.
func TestTheirClient(t *testing.T) {
	s := newSea(t, "tcp://127.0.0.1:*")
	s.echo()
	theirs := peer.Start(t, peer.Python(t, "zmq"), "testdata/client.py", s.at, "12", "1500")
	for kills := range 5 {
		for range s.titanic("folder synced", 4+kills).Lines() { // until it is dead, a little further each time
		}
	}
	s.titanic("", 0)
	for _, said := range []struct{ what, want string }{{"stored ", "12"}, {"right ", "24"}, {"gone ", "12"}, {"odd ", "8"}} {
		if got := theirs.Await(said.what); got != said.want {
			t.Errorf("%s%s, not %s", said.what, got, said.want)
		}
	}
	if got, again := int(s.echoed.Load()), s.again(); got < 12 || again < 1 {
		t.Errorf("the worker got %d requests, the broker gave %d again", got, again)
	}
}

// Python's titanic, our client.
func TestTheirTitanic(t *testing.T) {
	s := newSea(t, "tcp://127.0.0.1:*")
	peer.Start(t, peer.Python(t, "zmq"), "testdata/titanic.py", s.at, "100").Await("ready")
	p := s.passenger(patience)
	uuids, err := storeAll(s.Ctx, p, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if right, err := fetchAll(s.Ctx, p, uuids); err != nil || right != 10 {
		t.Errorf("%d of 10 replies are right: %v", right, err)
	}
	if _, err := p.reply(s.Ctx, uuids[0]); err == nil {
		t.Error("a reply to a request that is closed")
	}
}
