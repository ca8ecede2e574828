package socket

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/messages"
)

const someParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

func enveloping(parent, state string) *actor.MessageEnvelope {
	return &actor.MessageEnvelope{Header: map[string]string{"traceparent": parent, "tracestate": state}}
}

// What Trace Context says of its headers.
func TestTraceHeaders(t *testing.T) {
	for _, parent := range []string{
		"", "00", someParent + "-", someParent[:54], "01" + someParent[2:], "ff" + someParent[2:],
		strings.ToUpper(someParent), strings.Replace(someParent, "-", "_", 1),
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
		"00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7+01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736+00f067aa0ba902b7-01",
	} {
		if c := contextOf(enveloping(parent, "a=b")); c != nil {
			t.Errorf("%q: %v", parent, c)
		}
	}
	if contextOf("no envelope") != nil || contextOf(&actor.MessageEnvelope{}) != nil {
		t.Error("a context from nowhere")
	}
	many := strings.Repeat("k=v,", maxMembers-1) + "k=v"
	for state, ok := range map[string]bool{
		"": true, "a=b": true, "a=b,c=d": true, "a=b, \tc=d , ,e=f": true, "tenant@vendor=x y": true, "0a=1": true, many: true,
		"a": false, "=b": false, "a=": false, "A=b": false, "a=b=c": false, "a=b\n": false, "a=é": false, "a b=c": false,
		"_a=b": false, "a=b\x00": false, many + ",k=v": false, "k=" + strings.Repeat("v", 257): false,
		strings.Repeat("k", 257) + "=v": false, strings.Repeat("k", 256) + "=" + strings.Repeat("v", 255): true,
		strings.Repeat("k", 256) + "=" + strings.Repeat("v", 256): false,
	} {
		want := ""
		if ok {
			want = state
		}
		if c := contextOf(enveloping(someParent, state)); c == nil || c.state != want || c.parent != someParent {
			t.Errorf("%q: %v", state, c)
		}
	}
}

// The envelopes of an adopted REQ or REP are libzmq's.
func TestTraceAdopted(t *testing.T) {
	for typ, ok := range map[zmq.Type]bool{Req: false, Rep: false, Dealer: true, Router: true} {
		err := Config{Type: typ, Trace: TraceRequests, adoption: &adoption{}}.Validate()
		var wrong *ConfigError
		if ok != (err == nil) || !ok && (!errors.As(err, &wrong) || wrong.Field != "Trace") {
			t.Errorf("%v: %v", typ, err)
		}
	}
}

// In an envelope there is room for 255 bytes.
func TestTraceStateIsCut(t *testing.T) {
	long := "long=" + strings.Repeat("x", 124) // 129 bytes
	short := func(n int) string { return fmt.Sprintf("s%d=%s", n, strings.Repeat("y", 57)) }
	for state, want := range map[string]string{
		"a=b":                                  "a=b",
		short(1) + "," + long + "," + short(2): short(1) + "," + short(2),
		strings.Join([]string{short(1), short(2), short(3), short(4)}, ","): strings.Join([]string{short(1), short(2), short(3)}, ","),
		"one=" + strings.Repeat("x", 193):                                   "",
		"o=" + strings.Repeat("x", 194):                                     "o=" + strings.Repeat("x", 194),
	} {
		f := (&traceContext{someParent, state}).frame(maxEnvelopeTrace)
		if got := string(f[len(traceMark)+parentLength:]); got != want || len(f) > 255 {
			t.Errorf("%q\nbecame %q", state, got)
		}
		if f := (&traceContext{someParent, state}).frame(maxTraceFrame); string(f[len(traceMark)+parentLength:]) != state {
			t.Errorf("%q became %q where there is room", state, f)
		}
	}
}

// frames cuts data at each byte 0xfe.
func cutUp(data []byte) [][]byte { return bytes.Split(data, []byte{0xfe}) }

var traceSeeds = []string{
	"", "\xfe", "hello", "\xfebody", "1234\xfe\xfebody", "1234\xfe" + traceMark + someParent + "\xfe\xfebody",
	traceMark, "a\xfe" + traceMark, "a\xfe" + traceMark + someParent, "a\xfe" + traceMark + someParent + "a=b,c=d",
	traceMark + someParent + "\xfe\xfebody", "1234\xfe" + traceMark, "\xfe" + traceMark + someParent,
	"\x00id34\xfe1234\xfe" + traceMark + someParent + "a=b\xfe\xfebody\xfe" + traceMark,
	"a\xfe" + traceMark + someParent + "=", "\x00123456789012\xfe\xfex",
}

// Whatever comes over the wire is read without harm, and what is read as a context is one that we could
// have sent.
func FuzzTraceFrame(f *testing.F) {
	for _, s := range traceSeeds {
		for _, frame := range cutUp([]byte(s)) {
			f.Add(frame)
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		c := readTrace(frame)
		if e := readEnvelopeTrace(frame); e != nil && (c == nil || *e != *c) || len(frame) > 255 && e != nil {
			t.Fatalf("%v in an envelope, %v elsewhere", e, c)
		}
		if c == nil {
			return
		}
		if !isParent(c.parent) || validState(c.state) != c.state || len(c.state) > maxState {
			t.Fatalf("%q", c)
		}
		if again := readTrace(c.frame(maxTraceFrame)); again == nil || *again != *c {
			t.Fatalf("%q became %q", c, again)
		}
		small := readEnvelopeTrace(c.frame(maxEnvelopeTrace))
		if small == nil || small.parent != c.parent || len(c.state) < 128 && small.state != c.state {
			t.Fatalf("%q became %q in an envelope", c, small)
		}
		if out := contextOf(c.envelope(nil, nil)); out == nil || *out != *c {
			t.Fatalf("%q became %q in a header", c, out)
		}
	})
}

var tailedTypes = []zmq.Type{Push, Pub, Dealer, Router, XSub, Pair}

// Whatever frames somebody sends, with a context or without, arrive as they were when both ends have
// TraceFrames, one by one and in a batch; and what comes from a hostile peer does no harm.
func FuzzTraceTail(f *testing.F) {
	for _, s := range traceSeeds {
		for typ := range tailedTypes {
			f.Add(uint8(typ), []byte(s), typ%2 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, typ uint8, data []byte, traced bool) {
		b := &box{cfg: Config{Type: tailedTypes[int(typ)%len(tailedTypes)], Trace: TraceFrames, MaxMessage: 1 << 30}}
		frames := cutUp(data)
		if b.cfg.Type == Router && len(frames) < 2 {
			frames = append([][]byte{[]byte("id")}, frames...)
		}
		o := &origin{}
		if traced {
			o.trace = &traceContext{someParent, "a=b"}
		}
		wire := b.tailed(nil, frames, o)
		if b.cfg.Type == Router { // an answer has its envelope in front
			for n := 1; n < len(frames); n++ {
				other := append(slices.Clone(frames[:n]), b.tailed(frames[:n], frames[n:], o)...)
				if !slices.EqualFunc(other, wire, bytes.Equal) {
					t.Fatalf("%q as an answer, %q as a message", other, wire)
				}
			}
		}
		// The receiver is of the other kind.
		far, id := &box{cfg: b.cfg}, 0
		switch b.cfg.Type {
		case Router:
			far.cfg.Type, id = Dealer, 1
		case Dealer:
			far.cfg.Type = Router
			wire = append([][]byte{[]byte("id")}, wire...)
			frames = append([][]byte{[]byte("id")}, frames...)
		case XSub: // to an XPUB, which must not take anything for a tail
			if len(wire) != len(frames) {
				t.Fatalf("%q became %q", frames, wire)
			}
			return
		}
		m := &messages.Message{Frames: slices.Clone(wire[id:])}
		c := far.cutTail(m)
		if !slices.EqualFunc(m.Frames, frames[id:], bytes.Equal) {
			t.Fatalf("%q arrived as %q, by %q", frames[id:], m.Frames, wire[id:])
		}
		if c != nil && (!traced || *c != *o.trace) {
			t.Fatalf("a context that nobody sent: %v", c)
		}
		batch := messages.Pack(messages.Bytes([]byte("id"), []byte("x")), messages.Bytes(wire[id:]...), messages.Bytes([]byte("id"), []byte("y")))
		if skipped := far.cutTails(batch); skipped != 0 || !batch.Check() || batch.Count != 3 {
			t.Fatalf("%d skipped, %v", skipped, batch)
		}
		if got := batch.Messages()[1]; !slices.EqualFunc(got.Frames, frames[id:], bytes.Equal) {
			t.Fatalf("%q arrived in a batch as %q", frames[id:], got.Frames)
		}
		far.cutTail(&messages.Message{Frames: frames[id:]}) // nothing that we have sent
	})
}

// An envelope is read alike wherever it is.
func FuzzTraceEnvelope(f *testing.F) {
	for _, s := range traceSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		frames := cutUp(data)
		end := requestEnvelope(frames)
		if end > 0 && (end >= len(frames) || end > 3 || len(frames[end-1]) > 0) || end < 0 {
			t.Fatalf("%q: %d", frames, end)
		}
		routed := append([][]byte{[]byte("id")}, frames...)
		if known := messages.EnvelopeOf(routed); known > 1 && known != 1+end {
			t.Fatalf("%q: %d, and with an identity %d", frames, end, known)
		}
		if n := messages.EnvelopeOf(routed); n != 1+end {
			t.Fatalf("%q: %d, and with an identity %d", frames, end, n)
		}
		b := &box{cfg: Config{Type: Router, Trace: TraceRequests}}
		if c := b.traceIn(routed[:messages.EnvelopeOf(routed)]); c != nil && readEnvelopeTrace(routed[end-1]) == nil {
			t.Fatalf("%q: %v", frames, c)
		}
		q := &question{number: 0x31323334}
		if n := q.answeredBy(frames); n != 0 && (n != end || string(frames[0]) != "1234") {
			t.Fatalf("%q: answered by %d of them", frames, n)
		}
	})
}
