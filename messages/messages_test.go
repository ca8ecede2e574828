package messages_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"github.com/sockeye-mq/sockeye/messages"
)

func TestText(t *testing.T) {
	m := messages.Text("a", "", "b")
	if m.Text() != "a  b" || len(m.Body()) != 3 || m.Size() != 2 {
		t.Errorf("%q %d %d", m.Text(), len(m.Body()), m.Size())
	}
	if m := messages.Text("alone"); m.Text() != "alone" {
		t.Errorf("%q", m.Text())
	}
	var none *messages.Message
	if none.Text() != "" || none.Body() != nil || none.Size() != 0 {
		t.Error("a nil message has something in it")
	}
}

// Body and Text skip the envelope, even one that says it is longer than the message.
func TestEnvelope(t *testing.T) {
	m := &messages.Message{Frames: [][]byte{[]byte("id"), {}, []byte("body")}, Envelope: 2}
	if m.Text() != "body" || len(m.Frames) != 3 {
		t.Errorf("%q", m.Text())
	}
	m.Envelope = 99
	if len(m.Body()) != 0 || m.Text() != "" {
		t.Errorf("%q", m.Text())
	}
}

func TestReply(t *testing.T) {
	to := &messages.Message{Frames: [][]byte{[]byte("id"), {}, []byte("question")}, Envelope: 2, Request: 7}
	other := &messages.Message{Frames: [][]byte{[]byte("elsewhere"), []byte("answer")}, Envelope: 1, Request: 9}
	r := messages.Reply(to, other)
	if got := fmt.Sprintf("%q", r.Frames); got != `["id" "" "answer"]` || r.Envelope != 2 || r.Request != 7 {
		t.Error(got, r.Envelope, r.Request)
	}
}

func TestEnvelopeOf(t *testing.T) {
	f := func(frames ...string) [][]byte { return messages.Text(frames...).Frames }
	for _, c := range []struct {
		frames [][]byte
		want   int
	}{
		{f("id", "body"), 1},
		{f("id", "", "body"), 2},
		{f("id", ""), 1},
		{f("id", "1234", "", "body"), 3},
		{f("id", "\x00123456789012", "", "body"), 3},
		{f("id", "a", "", "b"), 1},
		{f("id", "1234", ""), 1},
	} {
		if got := messages.EnvelopeOf(c.frames); got != c.want {
			t.Errorf("%q: %d, want %d", c.frames, got, c.want)
		}
	}
}

func TestBatch(t *testing.T) {
	want := []*messages.Message{messages.Text("a", "", "b"), messages.Text(""), messages.Text("c")}
	b := messages.Pack(want...)
	if !b.Check() || b.Count != 3 {
		t.Fatal("a packed batch does not check")
	}
	same := func(got []*messages.Message) {
		t.Helper()
		if !slices.EqualFunc(got, want, func(a, b *messages.Message) bool {
			return slices.EqualFunc(a.Frames, b.Frames, bytes.Equal)
		}) {
			t.Errorf("%v", got)
		}
	}
	same(b.Messages())
	c := b.Clone()
	wire, err := proto.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	b.Release()
	b.Release() // again: nothing
	if b.Check() || len(b.Messages()) != 0 {
		t.Error("a released batch has messages")
	}
	same(c.Messages())
	d := &messages.Batch{}
	if err := proto.Unmarshal(wire, d); err != nil {
		t.Fatal(err)
	}
	same(d.Messages())
}

// Whatever a batch from elsewhere says, unpacking what has passed Check does not panic.
func FuzzBatch(f *testing.F) {
	f.Add([]byte("abc"), []byte{1, 2}, uint32(1))
	f.Add([]byte{}, []byte{0}, uint32(1))
	f.Fuzz(func(t *testing.T, data, lens []byte, count uint32) {
		b := &messages.Batch{Data: data, Count: count % 1000}
		for _, l := range lens {
			n := uint32(l &^ 0x80)
			if l&0x80 != 0 {
				n |= messages.More
			}
			b.Lens = append(b.Lens, n)
		}
		if !b.Check() {
			return
		}
		size := 0
		for _, m := range b.Messages() {
			if len(m.Frames) == 0 {
				t.Fatal("a message without frames")
			}
			size += m.Size()
		}
		if size != len(data) {
			t.Fatal(size, "of", len(data), "bytes")
		}
	})
}

func system() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(io.Discard, nil))
	}))
}

func TestAsk(t *testing.T) {
	sys := system()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cancelled := make(chan struct{})
	short, stop := context.WithCancel(ctx)
	defer stop()
	pid := sys.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *messages.Message:
			switch m.Text() {
			case "echo":
				c.Respond(m)
			case "reject":
				c.Respond(&messages.Rejected{Reason: messages.Reason_FULL, Errno: uint32(syscall.EAGAIN)})
			case "nonsense":
				c.Respond("nonsense")
			case "silence":
				stop() // who asks gives up
			}
		case *messages.Cancelled:
			close(cancelled)
		}
	}))
	if m, err := messages.Ask(ctx, sys.Root, pid, messages.Text("echo")); err != nil || m.Text() != "echo" {
		t.Error(m, err)
	}
	if _, err := messages.Ask(ctx, sys.Root, pid, messages.Text("reject")); !errors.Is(err, messages.ErrFull) || !errors.Is(err, syscall.EAGAIN) {
		t.Error(err)
	}
	if _, err := messages.Ask(ctx, sys.Root, pid, messages.Text("nonsense")); !errors.Is(err, messages.ErrMalformed) {
		t.Error(err)
	}
	if _, err := messages.Ask(ctx, sys.Root, pid, nil); !errors.Is(err, messages.ErrMalformed) {
		t.Error(err)
	}
	if _, err := messages.Ask(ctx, sys.Root, nil, messages.Text("x")); !errors.Is(err, messages.ErrNilPID) {
		t.Error(err)
	}
	if err := messages.Put(ctx, sys.Root, pid, "text"); !errors.Is(err, messages.ErrMalformed) {
		t.Error(err)
	}
	if _, err := messages.Ask(short, sys.Root, pid, messages.Text("silence")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	select {
	case <-cancelled: // the other side was told
	case <-ctx.Done():
		t.Error("never told")
	}
	if _, err := messages.Ask(short, sys.Root, pid, messages.Text("echo")); !errors.Is(err, context.Canceled) {
		t.Error("sent with a ctx that has ended:", err)
	}
}

// A PID that nobody answers for is a *Dead, with the reason where there is one.
func TestDead(t *testing.T) {
	sys := system()
	pid := actor.NewPID(sys.Address(), "gone")
	why := errors.New("why")
	for _, reason := range []error{nil, why} {
		messages.Bury(sys, pid, reason)
		_, err := messages.Ask(context.Background(), sys.Root, pid, messages.Text("x"))
		var dead *messages.Dead
		if !errors.As(err, &dead) || dead.Reason != reason || !errors.Is(err, messages.ErrStopped) || !errors.Is(err, actor.ErrDeadLetter) {
			t.Error(err)
		}
		if reason != nil && !errors.Is(err, reason) {
			t.Error(err)
		}
	}
	for i := range 3000 {
		messages.Bury(sys, actor.NewPID(sys.Address(), fmt.Sprint(i)), why)
	}
	if _, err := messages.Ask(context.Background(), sys.Root, pid, messages.Text("x")); errors.Is(err, why) {
		t.Error("more obituaries are kept than there is room for")
	}
}
