package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"github.com/sockeye-mq/sockeye/actors/curve"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// innocent is a victim with a friend, who must not notice anything.
func innocent(t *testing.T) (victim, friend *side) {
	t.Helper()
	victim, friend = start(t, Config{Heartbeat: calm}), start(t, Config{Heartbeat: calm})
	victim.spawn("echo", echo)
	friend.ask(victim.pid("echo"), "before")
	t.Cleanup(func() {
		if got := friend.ask(victim.pid("echo"), "after"); got != "echo after" || friend.ups(victim.wire.Address()) != 1 {
			t.Error("the friend has noticed:", got, friend.events)
		}
	})
	return victim, friend
}

// What a stranger sends is counted and has no effect, whatever it is.
func TestStranger(t *testing.T) {
	victim, friend := innocent(t)
	v := newVillain(t, victim)
	strangers := func(d Drop, n uint64) {
		t.Helper()
		rig.Until(t, d.String(), func() bool { return victim.wire.Counts().Strangers[d] >= n })
	}
	v.send([]byte{})
	v.send([]byte("GET / HTTP/1.1"))
	v.send([]byte{magic0, magic1, 99, kindData})
	v.send([]byte{magic0, magic1, version, 77})
	v.send([]byte{magic0, magic1, version, kindHello})
	v.send([]byte{magic0, magic1, version, kindData}, []byte("second frame"))
	v.send(bytes.Repeat([]byte{0xff}, 1<<16))
	for _, change := range []func(*hello){
		func(h *hello) { h.from = "" }, func(h *hello) { h.from = "\xff\xfe" }, func(h *hello) { h.from = nowhere },
		func(h *hello) { h.most = -1 }, func(h *hello) { h.messages = 0 }, func(h *hello) { h.session = 0 }, func(h *hello) { h.token = token{} },
	} {
		v.say(change)
	}
	strangers(Malformed, 14)
	v.say(func(h *hello) { h.to = "somebody:1" })
	v.say(func(h *hello) { h.from = victim.wire.Address() })
	strangers(Misdirected, 2)
	v.say(func(h *hello) { h.from = "10.1.2.3:99" })
	v.theirs = &hello{token: token{9, 9, 9}, session: 5}
	v.deliver("echo", messages.Text("guessed"), false, nil)
	strangers(Stranger, 2)
	// Somebody else's name: the victim asks that one, and nothing else happens.
	v.theirs = nil
	v.say(func(h *hello) { h.from, h.incarnation = friend.wire.Address(), 666 })
	friend.spawn("home", echo)
	victim.ask(friend.pid("home"), "x")
}

// What a member sends who has gone bad is dropped one by one, with a reason; the rest of what it sends works.
func TestHostileMember(t *testing.T) {
	victim, friend := innocent(t)
	w := victim.box()
	friend.spawn("loved", echo)
	victim.watch(w, friend.pid("loved"))
	v := newVillain(t, victim).join()
	me := actor.NewPID(v.address, "me")
	text := messages.Text("x")

	v.item(&item{typ: "no.such.Type", target: actor.NewPID("", "echo"), sender: me})
	v.dropped(UnknownType, 1)
	v.hear(kindData) // a DeadLetterResponse: whoever asked learns that there will be no answer
	v.item(&item{typ: "sockeye.messages.Message", target: actor.NewPID("", "echo"), payload: []byte("\xff\xff\xff")})
	v.deliver("echo", &messages.Batch{Lens: []uint32{1 << 30}, Count: 1}, false, nil)
	v.dropped(BadMessage, 2)
	for _, id := range []string{"deadletter", "eventstream", "guardian$1", "zmq$1", reserved + "/pull", reserved + "/thread"} {
		v.deliver(id, text, false, nil)
		v.deliver(id, &actor.Stop{}, true, nil)
	}
	v.dropped(BadTarget, 12)

	misplaced := uint64(0)
	bad := func(target string, m proto.Message, system bool, sender *actor.PID) {
		t.Helper()
		misplaced++
		v.deliver(target, m, system, sender)
	}
	bad("echo", &actor.Stop{}, false, nil)                                                 // as a user message
	bad("echo", &actor.Watch{}, true, nil)                                                 // nobody watches
	bad("echo", &actor.Watch{Watcher: friend.pid("loved")}, true, nil)                     // somebody else does
	bad("echo", &actor.Watch{Watcher: actor.NewPID(nowhere, "echo")}, true, nil)           // the victim's own
	bad("future$1", &actor.Watch{Watcher: me}, true, nil)                                  // of what is no actor
	bad("future$1", &actor.Stop{}, true, nil)                                              //
	bad("echo", &actor.Unwatch{}, true, nil)                                               //
	bad(w.PID.Id, &actor.Terminated{}, true, nil)                                          // nobody has died
	bad(w.PID.Id, &actor.Terminated{Who: friend.pid("loved")}, true, nil)                  // not its own
	bad(w.PID.Id, &actor.Terminated{Who: actor.NewPID(v.address, "unwatched")}, true, nil) // nobody has asked
	v.deliver("echo", &actor.PoisonPill{}, true, nil)                                      // no system message
	v.deliver("echo", text, true, nil)                                                     //
	v.deliver("echo", text, false, actor.NewPID(nowhere, "echo"))                          // in whose name?
	v.dropped(Misplaced, misplaced+3)

	stolen, _ := victim.system.ProcessRegistry.Add(panics{}, "panics")
	defer victim.system.ProcessRegistry.Remove(stolen)
	v.deliver("panics", text, false, nil)
	v.dropped(Panicked, 1)

	v.deliver("echo", text, false, me) // it works still
	for {
		_, items := v.hear(kindData)
		r := reader{rest: items}
		if it, err := r.next(); err == nil && it.typ == "sockeye.messages.Message" {
			break
		}
	}
	if len(w.mail) > 0 {
		t.Error("a watcher was told", <-w.mail)
	}
}

type panics struct{}

func (panics) SendUserMessage(*actor.PID, any)   { panic("not me") }
func (panics) SendSystemMessage(*actor.PID, any) {}
func (panics) Stop(*actor.PID)                   {}

// Who breaks the protocol is out of the session, and is not listened to for a while.
func TestViolations(t *testing.T) {
	for name, crime := range map[string]func(v *villain){
		"confirms what was not sent": func(v *villain) { v.ack = 99; v.deliver("echo", messages.Text("x"), false, nil) },
		"overlaps": func(v *villain) {
			w := writer{}
			it := &item{typ: "x", target: actor.NewPID("", "echo")}
			v.send(v.data(2, w.append(w.append(nil, it), it)))
			v.first = 1
			v.send(v.data(2, w.append(w.append(nil, it), it)))
		},
		"lies about the count": func(v *villain) {
			w := writer{}
			v.send(v.data(2, append(w.append(nil, &item{typ: "x", target: actor.NewPID("", "y")}), 0, 0, 0, 0)))
		},
		"more behind the last": func(v *villain) {
			w := writer{}
			v.send(v.data(1, append(w.append(nil, &item{typ: "x", target: actor.NewPID("", "y")}), 1, 2, 3)))
		},
		"garbage items":   func(v *villain) { v.send(v.data(3, bytes.Repeat([]byte{0xff}, 100))) },
		"a name too many": func(v *villain) { v.send(v.data(1, []byte{0, 9, 0, 0})) },
		"no UTF-8":        func(v *villain) { v.send(v.data(1, []byte{0, 0, 1, 0xff, 0, 1, 'a', 0})) },
		"huge length":     func(v *villain) { v.send(v.data(1, binary.AppendUvarint([]byte{0, 0}, 1<<62))) },
		"million headers": func(v *villain) {
			v.send(v.data(1, append([]byte{flagHeaders, 0, 1, 'x', 0, 1, 'y'}, 0xff, 0xff, 0x3f)))
		},
		"beyond the window": func(v *villain) {
			w := writer{}
			it := &item{typ: "sockeye.messages.Message", target: actor.NewPID("", "block")}
			v.send(v.data(1, w.append(nil, it)))
			for range 4 {
				w, all := writer{}, []byte(nil)
				for range 500 {
					all = w.append(all, it)
				}
				v.send(v.data(500, all))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			friend := start(t, Config{})
			victim := start(t, Config{Heartbeat: 2 * time.Second, Window: socket.Limit{Messages: 500}})
			victim.spawn("echo", echo)
			friend.ask(victim.pid("echo"), "before")
			release := make(chan struct{})
			pid, _ := victim.system.ProcessRegistry.Add(slow{release, new(int)}, "block")
			defer victim.system.ProcessRegistry.Remove(pid)
			defer close(release)
			v := newVillain(t, victim).join()
			crime(v)
			if e := victim.down(v.address); e.Cause != Violated {
				t.Error(e)
			}
			if got := friend.ask(victim.pid("echo"), "after"); got != "echo after" {
				t.Error(got)
			}
		})
	}
}

// A frame of 100 MiB is not taken in: the connection of who sends it is cut.
func TestHugeFrame(t *testing.T) {
	victim, _ := innocent(t)
	v := newVillain(t, victim)
	events := v.Collector()
	push := v.Spawn(socket.Config{Type: socket.Push, Connect: []string{victim.wire.Endpoint()}, Events: events.PID,
		Options: socket.Options{Immediate: true, Linger: socket.NoLinger}})
	v.Root.Send(push, messages.Bytes(make([]byte, 100<<20)))
	rig.Await[*socket.Disconnected](events)
	v.Root.Stop(push)
	if s := victim.wire.Counts().Strangers; len(s) > 0 {
		t.Error("it has come in", s)
	}
}

// A flood of hellos in the names of systems that do not exist fills no more than the table.
func TestManyNames(t *testing.T) {
	victim, _ := innocent(t)
	v := newVillain(t, victim)
	for i := range 300 {
		v.say(func(h *hello) { h.from = fmt.Sprint("127.0.0.1:", 1000+i) })
	}
	rig.Until(t, "the names to be taken in or not", func() bool {
		s := victim.wire.Counts()
		return len(s.Peers) > 0 && uint64(len(s.Peers))+s.Strangers[SystemFull] >= 300
	})
	if n := len(victim.wire.Counts().Peers); n > maxUnproved+2 {
		t.Error(n, "peers that nobody has ever heard")
	}
}

// With keys nobody gets in who has none, the wrong one, or one that is unknown; who is known does.
func TestCurve(t *testing.T) {
	keys := map[string]*curve.KeyPair{}
	for _, who := range []string{"server", "member", "stranger", "other"} {
		k, err := curve.New()
		if err != nil {
			t.Fatal(err)
		}
		keys[who] = &k
	}
	var mu sync.Mutex
	peers := map[string]Peer{}
	lookup := func(address string) (Peer, bool) {
		mu.Lock()
		defer mu.Unlock()
		p, ok := peers[address]
		return p, ok
	}
	join := func(who string, cfg Config) *side {
		cfg.Keys, cfg.Heartbeat = keys[who], testBeat
		if cfg.Lookup == nil {
			cfg.Lookup = lookup
		}
		s := start(t, cfg)
		mu.Lock()
		defer mu.Unlock()
		peers[s.wire.Address()] = Peer{s.wire.Endpoint(), keys[who].Public}
		return s
	}
	members := func(key string) bool { return key == keys["server"].Public || key == keys["member"].Public }
	server, member := join("server", Config{Admit: members}), join("member", Config{Admit: members})
	server.spawn("echo", echo)
	if got := member.ask(server.pid("echo"), "hi"); got != "echo hi" {
		t.Error(got)
	}
	// A key that is not known.
	stranger := join("stranger", Config{Admit: func(string) bool { return true }})
	_, err := messages.Ask(t.Context(), stranger.root, server.pid("echo"), messages.Text("x"))
	if h := new(socket.HandshakeError); !errors.As(err, &h) || h.Status != 400 {
		t.Error("a stranger:", err)
	}
	// The right key, and the wrong one for the server: somebody else would be talked to.
	wrong := join("member", Config{Admit: members, Lookup: func(string) (Peer, bool) {
		return Peer{server.wire.Endpoint(), keys["other"].Public}, true
	}})
	if _, err := messages.Ask(t.Context(), wrong.root, server.pid("echo"), messages.Text("x")); !errors.Is(err, messages.ErrUnreachable) {
		t.Error("to another key:", err)
	}
	// No key at all.
	plain := start(t, Config{Heartbeat: testBeat})
	if _, err := messages.Ask(t.Context(), plain.root, actor.NewPID(server.wire.Address(), "echo"), messages.Text("x")); !errors.Is(err, messages.ErrUnreachable) {
		t.Error("without a key:", err)
	}
	v := newVillain(t, plain)
	if push := v.Spawn(socket.Config{Type: socket.Push, Connect: []string{server.wire.Endpoint()}, Options: socket.Options{Immediate: true}}); push != nil {
		v.Root.Send(push, messages.Text("x"))
	}
	if got := member.ask(server.pid("echo"), "still"); got != "echo still" {
		t.Error(got)
	}
	if c := server.wire.Counts(); len(c.Strangers) > 0 || len(c.Peers) != 1 {
		t.Errorf("somebody has come in: %+v", c)
	}
}

// Without Admit those may come in whose keys are known from Peers or Lookup.
func TestAdmitDefault(t *testing.T) {
	a, _ := curve.New()
	b, _ := curve.New()
	server := start(t, Config{Keys: &a, Address: "a", Heartbeat: testBeat, Peers: map[string]Peer{"b": {"tcp://127.0.0.1:1", b.Public}}})
	server.spawn("echo", echo)
	if _, err := messages.Ask(t.Context(), server.root, actor.NewPID("c", "x"), messages.Text("x")); !errors.Is(err, errNoKey) {
		t.Error(err)
	}
	events := rig.Start(t, zmqthread.Config{})
	for _, k := range []struct {
		key curve.KeyPair
		in  bool
	}{{b, true}, {a, false}} {
		in := events.Collector()
		o := k.key.Client(a.Public)
		events.Spawn(socket.Config{Type: socket.Push, Connect: []string{server.wire.Endpoint()}, Events: in.PID, Options: o})
		for m := range in.Mail() {
			if _, ok := m.Message.(*socket.HandshakeSucceeded); ok && k.in {
				break
			}
			if e, ok := m.Message.(*socket.HandshakeFailed); ok {
				if k.in || e.Err.Status != 400 {
					t.Error(e)
				}
				break
			}
		}
	}
}

// Plaintext is for loopback, unless somebody says otherwise; and other mistakes are found before anything opens.
func TestConfig(t *testing.T) {
	good, _ := curve.New()
	for name, cfg := range map[string]Config{
		"public":     {Bind: "tcp://10.1.2.3:*"},
		"everywhere": {Bind: "tcp://*:*"},
		"zero":       {Bind: "tcp://0.0.0.0:*"},
		"peer":       {Peers: map[string]Peer{"x": {Endpoint: "tcp://10.1.2.3:1"}}},
	} {
		var e *InsecureError
		if _, err := Start(rig.System(t), cfg); !errors.As(err, &e) || !errors.Is(err, messages.ErrConfig) {
			t.Error(name, err)
		}
	}
	for name, cfg := range map[string]Config{
		"nonsense": {Bind: "nonsense"}, "inproc": {Bind: "inproc://x"}, "beat": {Heartbeat: 1}, "queue": {Queue: socket.Limit{Messages: -1}},
		"admit": {Admit: func(string) bool { return true }}, "keys": {Keys: &curve.KeyPair{Public: good.Public}}, "size": {MaxMessage: 1 << 40},
		"address": {Address: "\xff"}, "no key": {Keys: &good, Peers: map[string]Peer{"x": {Endpoint: "tcp://127.0.0.1:1"}}},
		"no address": {Bind: "tcp://0.0.0.0:*", Insecure: true},
	} {
		var e *ConfigError
		if w, err := Start(rig.System(t), cfg); !errors.As(err, &e) || !errors.Is(err, messages.ErrConfig) {
			t.Error(name, w, err)
		}
	}
	a := start(t, Config{Bind: "tcp://0.0.0.0:*", Insecure: true, Address: "me"})
	if a.wire.Address() != "me" || a.system.Address() != "me" {
		t.Error(a.wire.Address())
	}
}
