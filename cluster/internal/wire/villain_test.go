package wire

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// villain speaks the protocol by hand, to a victim.
type villain struct {
	*rig.Rig
	in         *rig.Collector
	push       *actor.PID
	address    string
	victim     *side
	token      token // that it has given out
	session    uint64
	theirs     *hello // the victim's last hello
	first, ack uint64
	acks       uint64 // the victim's last ack
}

// newVillain is one that the victim has not met.
func newVillain(t *testing.T, victim *side) *villain {
	t.Helper()
	v := &villain{Rig: rig.Start(t, zmqthread.Config{}), victim: victim, token: token{1, 2, 3}, session: 1}
	v.in = v.Collector()
	pull := v.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(v.in.PID)})
	v.address, _ = addressOf(v.At(pull)[0])
	v.push = v.Spawn(socket.Config{Type: socket.Push, Connect: []string{victim.wire.Endpoint()}, Options: socket.Options{Immediate: true}})
	return v
}

func (v *villain) send(frame ...[]byte) { v.Put(v.push, messages.Bytes(frame...)) }

// say sends a hello.
func (v *villain) say(change func(*hello)) {
	h := &hello{token: v.token, session: v.session, incarnation: 7, most: 1 << 20, messages: 1000, bytes: 1 << 20,
		from: v.address, to: v.victim.wire.Address()}
	if v.theirs != nil {
		h.proof, h.yours = v.theirs.token, v.theirs.session
	}
	if change != nil {
		change(h)
	}
	v.send(h.frame())
}

// hear waits for a frame of that kind.
func (v *villain) hear(kind byte) (h header, items []byte) {
	v.T.Helper()
	for {
		b := v.in.Message().Frames[0]
		if k, err := kindOf(b); err != nil {
			v.T.Fatal(err)
		} else if k == kindHello {
			if v.theirs, err = decodeHello(b); err != nil {
				v.T.Fatal(err)
			}
			if kind == kindHello {
				return h, nil
			}
			continue
		}
		var err error
		if h, items, err = decodeHeader(b); err != nil {
			v.T.Fatal(err)
		}
		if v.acks = h.ack; h.kind == kind {
			return h, items
		}
	}
}

// join gets into a session as any peer does.
func (v *villain) join() *villain {
	v.T.Helper()
	v.say(nil)
	for v.theirs == nil || v.theirs.yours != v.session || !v.theirs.up {
		v.hear(kindHello)
		v.say(nil)
	}
	v.first = 0
	return v
}

// data is a frame with these items.
func (v *villain) data(count uint32, items []byte) []byte {
	h := header{kind: kindData, token: v.theirs.token, session: v.session, yours: v.theirs.session, ack: v.ack, first: v.first, count: count}
	v.first += uint64(count)
	return append(h.frame(), items...)
}

// deliver sends one message.
func (v *villain) deliver(target string, m proto.Message, system bool, sender *actor.PID) {
	v.T.Helper()
	payload, err := proto.Marshal(m)
	if err != nil {
		v.T.Fatal(err)
	}
	v.item(&item{system: system, typ: string(m.ProtoReflect().Descriptor().FullName()), target: actor.NewPID("", target), sender: sender, payload: payload})
}

func (v *villain) item(it *item) {
	w := writer{}
	v.send(v.data(1, w.append(nil, it)))
}

// dropped waits until the victim has dropped n messages of the villain's for this reason.
func (v *villain) dropped(d Drop, n uint64) {
	v.T.Helper()
	rig.Until(v.T, d.String(), func() bool { return v.victim.counts(v.address).Dropped[d] >= n })
	if c := v.victim.counts(v.address); c.Dropped[d] != n {
		v.T.Errorf("%v: %d, want %d", d, c.Dropped[d], n)
	}
}
