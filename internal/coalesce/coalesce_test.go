package coalesce_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/coalesce"
	"github.com/sockeye-mq/sockeye/messages"
)

// received is what a socket receives when these frames were sent as one message.
func received(frames ...[]byte) *messages.Batch { return messages.Pack(messages.Bytes(frames...)) }

func coalesced(ms ...*messages.Message) *messages.Batch {
	b := messages.Pack(ms...)
	return received(b.Data, coalesce.AppendIndex(nil, b.Lens))
}

func TestManyMessagesTravelAsOne(t *testing.T) {
	sent := []*messages.Message{
		messages.Text("one"), messages.Text("two", "", "frames"), messages.Text(""), messages.Text("", "x"),
	}
	b := coalesced(sent...)
	if b.Count != 1 {
		t.Fatalf("%d messages on the wire", b.Count)
	}
	if err := coalesce.Decode(b); err != nil {
		t.Fatal(err)
	}
	got := b.Messages()
	if len(got) != len(sent) {
		t.Fatalf("%d messages, want %d", len(got), len(sent))
	}
	for i, m := range got {
		if !slices.EqualFunc(m.Frames, sent[i].Frames, bytes.Equal) {
			t.Errorf("message %d: %q, want %q", i, m.Frames, sent[i].Frames)
		}
	}
}

// The example of docs/coalesce.md.
func TestTheFormatIsAsDocumented(t *testing.T) {
	b := received([]byte("hithere"), []byte{
		'S', 'K', 'C', 1,
		2, 0, 0, 0,
		2, 0, 0, 0x80,
		3, 0, 0, 0,
	})
	if err := coalesce.Decode(b); err != nil {
		t.Fatal(err)
	}
	if got := b.Messages(); len(got) != 2 || got[0].Text() != "hi" || got[1].Text() != "th ere" {
		t.Error(got)
	}
}

func TestOneThatTravelsAlone(t *testing.T) {
	b := received([]byte("a"), []byte("b"), coalesce.Alone)
	if err := coalesce.Decode(b); err != nil {
		t.Fatal(err)
	}
	if got := b.Messages(); len(got) != 1 || got[0].Text() != "a b" {
		t.Error(got)
	}
}

func TestWhatIsNotCoalescedIsRefused(t *testing.T) {
	index := func(lens ...uint32) []byte { return coalesce.AppendIndex(nil, lens) }
	for name, b := range map[string]*messages.Batch{
		"an ordinary message":    received([]byte("hello")),
		"of two frames":          received([]byte("hello"), []byte("world")),
		"an empty last frame":    received([]byte("hello"), nil),
		"nothing but an index":   received(coalesce.Alone),
		"another version":        received([]byte("x"), []byte{'S', 'K', 'C', 2}),
		"half a length":          received([]byte("x"), append(index(1), 0, 0)),
		"less data":              received([]byte("x"), index(2)),
		"more data":              received([]byte("xyz"), index(2)),
		"an open end":            received([]byte("x"), index(1|messages.More)),
		"lengths that overflow":  received([]byte("x"), index(0x7fffffff, 0x7fffffff, 3)),
		"data in two frames":     received([]byte("x"), []byte("y"), index(2)),
		"too many frames":        received(nil, index(make([]uint32, coalesce.MaxFrames+1)...)),
		"too many bytes":         received(make([]byte, coalesce.MaxBytes), index(coalesce.MaxBytes)),
		"two messages at a time": messages.Pack(messages.Text("x", "SKC\x01"), messages.Text("x", "SKC\x01")),
	} {
		before := b.Clone()
		err := coalesce.Decode(b)
		var typed *coalesce.Error
		if !errors.As(err, &typed) || !errors.Is(err, messages.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(b.Data, before.Data) || !slices.Equal(b.Lens, before.Lens) || b.Count != before.Count {
			t.Errorf("%s: changed", name)
		}
	}
}

// Whatever comes over the wire either is refused and left alone, or decodes into a batch that fits
// together and that coalesces into the same messages again.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("hithere"), coalesce.AppendIndex(nil, []uint32{2, 2 | messages.More, 3}), []byte(nil), false)
	f.Add([]byte("x"), []byte(coalesce.Alone), []byte("y"), true)
	f.Add([]byte{}, []byte("SKC"), []byte("SKC\x02"), true)
	f.Fuzz(func(t *testing.T, data, index, third []byte, three bool) {
		frames := [][]byte{data, index}
		if three {
			frames = [][]byte{third, data, index}
		}
		b := received(frames...)
		before := b.Clone()
		if err := coalesce.Decode(b); err != nil {
			if !bytes.Equal(b.Data, before.Data) || !slices.Equal(b.Lens, before.Lens) {
				t.Fatal("changed, and refused")
			}
			return
		}
		if !b.Check() {
			t.Fatalf("does not fit together: %v of %d bytes", b.Lens, len(b.Data))
		}
		if b.Count == 1 && three {
			return
		}
		again := received(b.Data, coalesce.AppendIndex(nil, b.Lens))
		if len(b.Lens) > coalesce.MaxFrames || len(b.Data) > coalesce.DataBytes {
			return // it travelled alone
		}
		if err := coalesce.Decode(again); err != nil || !slices.Equal(again.Lens, b.Lens) || !bytes.Equal(again.Data, b.Data) {
			t.Fatalf("another message the second time: %v", err)
		}
	})
}
