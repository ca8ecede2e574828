package wire

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"github.com/sockeye-mq/sockeye/messages"
)

// plains are messages as sockets take and deliver them.
func plains() []*messages.Message {
	large := bytes.Repeat([]byte("x"), slabLargest+1)
	return []*messages.Message{{}, messages.Text("a"), messages.Text(""), messages.Text("a", "", "ccc"), messages.Bytes(large, large[:slabLargest], nil),
		{Frames: [][]byte{{1}, {2}}, Envelope: 1, Request: 1<<32 - 1}, {Request: 128}, {Envelope: 127}}
}

// What is written and read by hand is what protobuf writes and reads.
func TestPlain(t *testing.T) {
	for _, m := range plains() {
		want, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if got := appendPlain(nil, m); !bytes.Equal(got, want) || plainSize(m) != len(want) {
			t.Errorf("%v is written as %x (%d bytes), want %x", m, got, plainSize(m), want)
		}
		if got := new(slab).plain(want, 1, len(want)); got == nil || !proto.Equal(got, m) {
			t.Errorf("%v is read as %v", m, got)
		}
	}
}

// FuzzPlain reads anything. What is read by hand is what protobuf reads; the rest is left to it.
func FuzzPlain(f *testing.F) {
	for _, m := range plains() {
		b, _ := proto.Marshal(m)
		f.Add(b)
	}
	for _, b := range []string{"\x0a", "\x0a\x05abc", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
		"\x10\x80\x00", "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x22\x01x", "\x08\x01", "\x8a\x00\x01a", "\x0b\x0c"} {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, want := new(slab).plain(b, 1, len(b)), &messages.Message{}
		if got == nil {
			return
		}
		if err := proto.Unmarshal(b, want); err != nil || !proto.Equal(got, want) {
			t.Errorf("read as %v, by protobuf as %v: %v", got, want, err)
		}
		for i, frame := range got.Frames {
			if cap(frame) > len(frame) && len(frame) <= slabLargest {
				t.Errorf("frame %d has room for what comes behind it", i)
			}
		}
	})
}

// The messages of a parcel share memory, and yet each has its own.
func TestSlab(t *testing.T) {
	var s slab
	var all []*messages.Message
	const total = 3*slabMessages + 1
	for i := range total {
		all = append(all, s.plain(appendPlain(nil, messages.Text(fmt.Sprint("message ", i))), total-i, 20*(total-i)))
	}
	for _, m := range all {
		m.Frames[0] = append(m.Frames[0], "!!!"...)
		m.Frames = append(m.Frames, []byte("more"))
	}
	for i, m := range all {
		if m.Frames = m.Frames[:1]; m.Text() != fmt.Sprint("message ", i, "!!!") {
			t.Errorf("message %d is %q", i, m.Text())
		}
	}
}

// When what is too large for the peer has been taken out of the queue, what comes next is in a frame of its own: names
// of the frame that is gone mean nothing in the one before it.
func TestWeed(t *testing.T) {
	var o outbound
	o.reset()
	add := func(target string, size int) {
		it := &item{typ: "t", target: actor.NewPID("", target), payload: make([]byte, size)}
		o.add(it, it.size())
	}
	add("one", 10)
	add("large", frameBytes+itemSlack)
	if weeds := o.weed(frameBytes); len(weeds) != 1 || weeds[0].count != 1 {
		t.Fatalf("%d were taken out", len(weeds))
	}
	add("large", 10)
	var got []string
	for _, f := range o.frames {
		r := reader{rest: f.data[headerSize:]}
		for i := range f.count {
			it, err := r.next()
			if err != nil {
				t.Fatal(err)
			}
			if f.first+uint64(i) != uint64(len(got)) {
				t.Errorf("number %d is %d", len(got), f.first+uint64(i))
			}
			got = append(got, it.target.Id)
		}
	}
	if fmt.Sprint(got) != "[one large]" {
		t.Error(got)
	}
}
