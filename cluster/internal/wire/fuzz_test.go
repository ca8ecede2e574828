package wire

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"github.com/sockeye-mq/sockeye/messages"
)

// fuzzStage is a Wire without sockets.
func fuzzStage() inlet {
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }),
		actor.WithDeadLetterThrottleInterval(time.Millisecond))
	w := &Wire{system: system, root: actor.NewRootContext(system, nil), cfg: Config{Heartbeat: calm}.withDefaults(), address: "here:1",
		peers: map[string]*peer{}, tokens: map[token]*peer{}, ready: make(chan struct{})}
	w.cfg.Lookup = func(string) (Peer, bool) { return Peer{}, false }
	close(w.ready)
	system.ProcessRegistry.Address = w.address
	system.Root.SpawnNamed(actor.PropsFromFunc(echo), "echo")
	return inlet{w}
}

// fuzzPeer puts a fresh peer into w, with the token 1, in session 2 with the peer's 3.
func fuzzPeer(w inlet) *peer {
	p := &peer{w: w.Wire, wake: make(chan struct{}, 1), address: "there:1", token: token{1}, session: 2, state: up, watching: map[bond]struct{}{}, watched: map[bond]struct{}{}}
	p.their = their{token: token{4}, session: 3, incarnation: 5, most: 1 << 20, messages: 10, bytes: 1 << 20}
	p.out.reset()
	p.in.reset()
	p.alarm = time.AfterFunc(time.Hour, func() {})
	p.watching[bond{"echo", "loved"}] = struct{}{}
	p.out.add(&item{typ: "x", target: actor.NewPID("", "y")}, 20)
	w.mu.Lock()
	w.peers[p.address], w.tokens[p.token] = p, p
	w.mu.Unlock()
	return p
}

func seeds() (all [][]byte) {
	data := func(its ...*item) []byte {
		h, w := header{kind: kindData, token: token{1}, session: 3, yours: 2, count: uint32(len(its))}, writer{}
		b := h.frame()
		for _, it := range its {
			b = w.append(b, it)
		}
		return b
	}
	pack := func(m proto.Message, system bool, target string) *item {
		payload, _ := proto.Marshal(m)
		return &item{system: system, typ: string(m.ProtoReflect().Descriptor().FullName()), target: actor.NewPID("", target), payload: payload}
	}
	full := pack(messages.Text("a", "b"), false, "echo")
	full.target.RequestId, full.headers = 7, map[string]string{"k": "v"}
	full.sender = &actor.PID{Address: "there:1", Id: "me", RequestId: 9}
	me := actor.NewPID("there:1", "me")
	all = append(all, data(full, full), data(pack(&actor.Watch{Watcher: me}, true, "echo")), data(pack(&actor.Unwatch{Watcher: me}, true, "echo")),
		data(pack(&actor.Stop{}, true, "nobody")), data(pack(&actor.Terminated{Who: actor.NewPID("there:1", "loved")}, true, "echo")),
		data(pack(&actor.PoisonPill{}, false, "nobody"), pack(messages.Pack(messages.Text("x"), messages.Text("y")), false, "echo")),
		data(&item{typ: dead, target: actor.NewPID("", "echo"), payload: []byte("\n\x01a\x12\x03b\x00c")}))
	for _, kind := range []byte{kindBeat, kindBye} {
		h := header{kind: kind, token: token{1}, session: 3, yours: 2, first: 1, count: flagResend | flagHurry}
		all = append(all, h.frame())
	}
	for _, proof := range []token{{}, {1}} {
		h := hello{proof: proof, token: token{4}, session: 3, yours: 2, incarnation: 5, most: 1 << 20, messages: 10, bytes: 1 << 20, from: "there:1", to: "here:1"}
		all = append(all, h.frame())
		h.session, h.incarnation = 33, 55
		all = append(all, h.frame())
	}
	return append(all, nil, []byte("GET / HTTP/1.1\r\n"), bytes.Repeat([]byte{0xff}, 200))
}

// FuzzFrame gives two frames to a system as a peer could, one after the other: nothing that is in them makes
// the process die, decoders say what is wrong with a *FrameError, and the books balance.
func FuzzFrame(f *testing.F) {
	for i, a := range seeds() {
		f.Add(a, seeds()[(i+1)%len(seeds())])
	}
	w := fuzzStage()
	f.Fuzz(func(t *testing.T, a, b []byte) {
		p := fuzzPeer(w)
		for _, frame := range [][]byte{a, b} {
			check(t, frame)
			panicked := w.strangers[Malformed].Load()
			w.frame(frame, 1, nil)
			if kind, err := kindOf(frame); err == nil && kind != kindHello {
				if _, _, err := decodeHeader(frame); err == nil && w.strangers[Malformed].Load() != panicked {
					t.Error("it panicked")
				}
			}
		}
		settle(t, p)
		if c := p.counts(); c.Held != 0 || c.Dropped[Panicked] != 0 || c.Accepted+1 < c.Confirmed {
			t.Errorf("%+v", c)
		}
		p.mu.Lock()
		p.vanish()
		p.mu.Unlock()
	})
}

// check reads a frame as a whole.
func check(t *testing.T, frame []byte) {
	h, items, err := decodeHeader(frame)
	if f := new(FrameError); err != nil && !errors.As(err, &f) {
		t.Error(err)
	}
	if hi, err := decodeHello(frame); err == nil {
		if again, err := decodeHello(hi.frame()); err != nil || *again != *hi {
			t.Error(again, hi, err)
		}
	} else if f := new(FrameError); !errors.As(err, &f) {
		t.Error(err)
	}
	if err != nil {
		return
	}
	r := reader{rest: items, here: "here:1"}
	for range h.count {
		it, err := r.next()
		if f := new(FrameError); err != nil {
			if !errors.As(err, &f) {
				t.Error(err)
			}
			return
		}
		w := writer{}
		again := reader{rest: w.append(nil, &it), here: "here:1"}
		if same, err := again.next(); err != nil || same.typ != it.typ || !same.target.Equal(it.target) || !bytes.Equal(same.payload, it.payload) ||
			(it.sender == nil) != (same.sender == nil) || len(same.headers) != len(it.headers) {
			t.Errorf("%+v is read as %+v: %v", it, same, err)
		}
	}
}

// settle waits until everything is delivered and told.
func settle(t *testing.T, p *peer) {
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Microsecond) {
		p.mu.Lock()
		idle := !p.in.running && !p.busy
		p.mu.Unlock()
		if idle {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not come to rest")
		}
	}
}
