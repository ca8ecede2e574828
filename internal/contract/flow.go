package contract

import (
	"slices"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// flow is messages that travel one way.
type flow struct{ from, to socket.Config }

var (
	everything = []string{""}
	alice, bob = socket.Options{Identity: "alice"}, socket.Options{Identity: "bob"}
)

// flows is every pair of types between which a message stands for itself. The other direction of a
// pair that talks both ways is a flow of its own.
var flows = []flow{
	{socket.Config{Type: socket.Push}, socket.Config{Type: socket.Pull}},
	{socket.Config{Type: socket.Pair}, socket.Config{Type: socket.Pair}},
	{socket.Config{Type: socket.Dealer}, socket.Config{Type: socket.Dealer}},
	{socket.Config{Type: socket.Dealer, Options: alice}, socket.Config{Type: socket.Router, Options: bob}},
	{socket.Config{Type: socket.Router, Options: alice}, socket.Config{Type: socket.Dealer, Options: bob}},
	{socket.Config{Type: socket.Router, Options: alice}, socket.Config{Type: socket.Router, Options: bob}},
	{socket.Config{Type: socket.Pub}, socket.Config{Type: socket.Sub, Subscribe: everything}},
	{socket.Config{Type: socket.Pub}, socket.Config{Type: socket.XSub, Subscribe: everything}},
	{socket.Config{Type: socket.XPub}, socket.Config{Type: socket.Sub, Subscribe: everything}},
	{socket.Config{Type: socket.XPub}, socket.Config{Type: socket.XSub, Subscribe: everything}},
	{socket.Config{Type: socket.XSub}, socket.Config{Type: socket.XPub}},
}

func (s suite) flows(t *testing.T) {
	for _, f := range flows {
		name := pair(f.from.Type, f.to.Type)
		s.test(t, name+"/sender binds", func(b *bench) {
			from, to := b.link(f.from, f.to)
			b.flow(from, to)
		})
		s.test(t, name+"/receiver binds", func(b *bench) {
			to, from := b.link(f.to, f.from)
			b.flow(from, to)
		})
		s.test(t, name+"/batches", func(b *bench) {
			f.to.Batch = 7
			from, to := b.link(f.from, f.to)
			b.batches(from, to)
		})
	}
}

// flow sends the corpus one by one; it arrives whole and in order, and both ledgers say so.
func (b *bench) flow(from, to *end) {
	b.subscribed(from)
	sent := corpusOf(from)
	for _, f := range sent {
		b.Root.Send(from.pid, addressed(from, to, f))
	}
	for i, want := range sent {
		if got := b.body(from, to, to.Message()); !same(got, want) {
			b.T.Fatalf("message %d arrived as %s, was sent as %s", i, brief(got), brief(want))
		}
	}
	to.Empty()
	b.counted(from, to, len(sent))
}

// batches sends the corpus and many small messages in batches, to a receiver of batches.
func (b *bench) batches(from, to *end) {
	b.subscribed(from)
	sent := slices.Clip(corpusOf(from))
	for i := range 500 {
		sent = append(sent, many(i%5+1))
	}
	for rest := sent; len(rest) > 0; {
		n := min(len(rest), 50)
		batch := messages.NewBatch()
		for _, f := range rest[:n] {
			batch.Append(addressed(from, to, f).Frames...)
		}
		b.Put(from.pid, batch)
		rest = rest[n:]
	}
	routed := to.cfg.Type == socket.Router
	for i := 0; i < len(sent); {
		batch, _ := rig.Take[*messages.Batch](to.Collector)
		if !batch.Check() || int(batch.Count) > to.cfg.Batch || batch.Routed != routed {
			b.T.Fatalf("batch of %d, sound %v, routed %v", batch.Count, batch.Check(), batch.Routed)
		}
		for _, m := range batch.Messages() {
			if got := b.body(from, to, m); !same(got, sent[i]) {
				b.T.Fatalf("message %d arrived as %s, was sent as %s", i, brief(got), brief(sent[i]))
			}
			i++
		}
		batch.Release()
	}
	to.Empty()
	b.counted(from, to, len(sent))
}

// corpusOf is what from can send: of an XSUB libzmq takes every frame that begins with 0 or 1 for a
// subscription, not only the first.
func corpusOf(from *end) [][][]byte {
	return slices.DeleteFunc(slices.Clone(corpus()), func(m [][]byte) bool {
		return from.cfg.Type == socket.XSub && slices.ContainsFunc(m, func(f []byte) bool { return len(f) > 0 && f[0] <= 1 })
	})
}

// subscribed waits until an XPUB has seen the subscription; WaitPeers does that for a PUB.
func (b *bench) subscribed(from *end) {
	b.T.Helper()
	if from.cfg.Type == socket.XPub {
		if m := from.Message(); len(m.Frames) != 1 || string(m.Frames[0]) != "\x01" {
			b.T.Fatalf("XPUB got %s, no subscription", brief(m.Frames))
		}
	}
}

// addressed is a message that from can send to to.
func addressed(from, to *end, frames [][]byte) *messages.Message {
	if from.cfg.Type == socket.Router {
		frames = append([][]byte{[]byte(to.cfg.Options.Identity)}, frames...)
	}
	return messages.Bytes(frames...)
}

// body takes what to has received apart again.
func (b *bench) body(from, to *end, m *messages.Message) [][]byte {
	b.T.Helper()
	if to.cfg.Type != socket.Router {
		if m.Envelope != 0 {
			b.T.Fatalf("envelope of %d frames on a %v", m.Envelope, to.cfg.Type)
		}
		return m.Frames
	}
	if m.Envelope == 0 || string(m.Frames[0]) != from.cfg.Options.Identity {
		b.T.Fatalf("%s with an envelope of %d: want it to begin with %q", brief(m.Frames), m.Envelope, from.cfg.Options.Identity)
	}
	return m.Frames[1:]
}

// counted checks what the two ledgers say about n messages that have arrived.
func (b *bench) counted(from, to *end, n int) {
	b.T.Helper()
	if l := b.Counts(from.pid); l.Accepted != uint64(n) || l.Taken != uint64(n) {
		b.T.Errorf("%d messages were sent: %+v", n, l)
	}
	if l := b.Counts(to.pid); l.Received != uint64(n) || l.Delivered != uint64(n) {
		b.T.Errorf("%d messages have arrived: %+v", n, l)
	}
}
