package socket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// mixed are messages of all kinds: empty, of several frames, of very many, large.
func mixed(n int) (all []*messages.Message) {
	for i := range n {
		id := fmt.Appendf(nil, "%d", i)
		switch i % 97 {
		case 5:
			all = append(all, messages.Bytes(id, nil, bytes.Repeat([]byte("x"), i%300)))
		case 11:
			all = append(all, messages.Bytes(nil))
		case 60:
			all = append(all, messages.Bytes(append([][]byte{id}, make([][]byte, 1500)...)...))
		case 70:
			all = append(all, messages.Bytes(id, bytes.Repeat([]byte{byte(i)}, 40<<10)))
		case 80:
			all = append(all, messages.Bytes(id, bytes.Repeat([]byte{byte(i)}, 200<<10)))
		default:
			all = append(all, messages.Bytes(id))
		}
	}
	return all
}

func sameFrames(a, b *messages.Message) bool {
	return slices.EqualFunc(a.Frames, b.Frames, bytes.Equal)
}

// Order and frames are kept, however the messages are sent and delivered.
func TestCoalescedMessagesArriveAsTheyWere(t *testing.T) {
	for name, cfg := range map[string]zmqthread.Config{"native": {}, "portable": {Portable: true}} {
		for _, types := range [][2]zmq.Type{{socket.Push, socket.Pull}, {socket.Pair, socket.Pair}, {socket.Dealer, socket.Dealer}} {
			for _, batch := range []int{0, 100} {
				t.Run(fmt.Sprintf("%s/%v/batch %d", name, types[0], batch), func(t *testing.T) {
					r := rig.Start(t, cfg)
					sink := r.Collector()
					in := r.Spawn(socket.Config{Type: types[1], Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(sink.PID), Batch: batch, Coalesce: true})
					out := r.Spawn(socket.Config{Type: types[0], Connect: r.At(in), Coalesce: true})
					sent := mixed(3000)
					sendAll(r, out, sent)
					for i := 0; i < len(sent); {
						for _, m := range arrived(t, sink, batch) {
							if !sameFrames(m, sent[i]) {
								t.Fatalf("message %d: %.80q, want %.80q", i, m.Frames, sent[i].Frames)
							}
							i++
						}
					}
					if l := r.Counts(out); l.Taken != uint64(len(sent)) {
						t.Errorf("taken %d, want %d", l.Taken, len(sent))
					}
				})
			}
		}
	}
}

// sendAll sends one by one, in small batches, and in large ones.
func sendAll(r *rig.Rig, to *actor.PID, all []*messages.Message) {
	for i := 0; i < len(all); {
		n := min([]int{1, 7, 300}[i%3], len(all)-i)
		if n == 1 {
			r.Put(to, all[i])
		} else {
			r.Put(to, messages.Pack(all[i:i+n]...))
		}
		i += n
	}
}

func arrived(t *testing.T, sink *rig.Collector, batch int) []*messages.Message {
	t.Helper()
	if batch == 0 {
		return []*messages.Message{sink.Message()}
	}
	b, _ := rig.Take[*messages.Batch](sink)
	if int(b.Count) > batch || !b.Check() {
		t.Fatalf("a batch of %d, Config.Batch is %d", b.Count, batch)
	}
	return b.Messages()
}

// What others send is dropped, counted and told, and does no harm.
func TestPeersThatDoNotCoalesce(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	sink, events := r.Collector(), r.Collector()
	in := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(sink.PID), Coalesce: true, Events: events.PID})
	foreign := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(in)})
	ours := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(in), Coalesce: true})
	for _, m := range []*messages.Message{
		messages.Text("hello"), messages.Text("hello", "SKC\x02...."), messages.Text("hello", "SKC\x01\xff\xff\xff\x7f"),
		messages.Bytes(bytes.Repeat([]byte("large"), 100<<10)),
	} {
		r.Put(foreign, m)
		e, _ := rig.Await[*socket.NotCoalesced](events)
		var typed *socket.CoalesceError
		if !errors.As(e.Err, &typed) || !errors.Is(e.Err, messages.ErrMalformed) {
			t.Error(e)
		}
	}
	r.Put(ours, messages.Text("well"))
	if got := sink.Message().Text(); got != "well" {
		t.Error(got)
	}
	if l := r.Counts(in); l.Dropped["not coalesced"] != 4 || l.Delivered != 1 {
		t.Errorf("%+v", l)
	}
}

// MaxMessage is about messages of users at both ends.
func TestCoalescedMessagesThatAreTooLarge(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	sink := r.Collector()
	in := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(sink.PID), Coalesce: true, MaxMessage: 100})
	out := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(in), Coalesce: true})
	large := messages.Bytes(make([]byte, 101))
	r.Put(out, messages.Pack(messages.Text("a"), large, messages.Text("b"), large, large, messages.Text("c")))
	r.Put(out, large)
	r.Put(out, messages.Bytes(make([]byte, 1<<20)))
	r.Put(out, messages.Text("d"))
	for _, want := range []string{"a", "b", "c", "d"} {
		if got := sink.Message().Text(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if l := r.Counts(in); l.Dropped["too large"] != 5 {
		t.Errorf("%+v", l)
	}
}

// A receiver that takes nothing has no more than its window before it, and nothing is lost.
func TestCoalescedMessagesKeepWithinTheWindow(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	sink := r.Collector()
	gate := make(chan struct{})
	slow := r.Actor(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			<-gate
			c.Send(sink.PID, m)
		}
	})
	in := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(slow), Coalesce: true, Window: 2048})
	out := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(in), Coalesce: true})
	const n = 20000
	for i := 0; i < n; i += 500 {
		var ms []*messages.Message
		for k := range 500 {
			ms = append(ms, messages.Text(fmt.Sprint(i+k)))
		}
		r.Put(out, messages.Pack(ms...))
	}
	rig.Until(t, "the window to fill", func() bool { return r.Counts(in).Received > 1024 })
	for range 200 {
		if l := r.Counts(in); l.Received > 2048 {
			t.Fatalf("%d were received, the window is 2,048", l.Received)
		}
	}
	close(gate)
	for i, m := range sink.Messages(n) {
		if m.Text() != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, m.Text())
		}
	}
}

func TestCoalesceConfig(t *testing.T) {
	for name, cfg := range map[string]socket.Config{
		"PUB":          {Type: socket.Pub, Coalesce: true},
		"ROUTER":       {Type: socket.Router, Coalesce: true},
		"Retry":        {Type: socket.Dealer, Coalesce: true, Retry: true},
		"small window": {Type: socket.Pull, Coalesce: true, Window: 2047},
		"conflating":   {Type: socket.Pull, Coalesce: true, Options: socket.Options{Conflate: true}},
		"small frames": {Type: socket.Pull, Coalesce: true, Options: socket.Options{MaxMsgSize: 1000}},
	} {
		if err := cfg.Validate(); !errors.Is(err, messages.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An Ask over coalescing DEALERs is correlated like any other.
func TestCoalescedAsk(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	a := r.Spawn(socket.Config{Type: socket.Dealer, Bind: []string{r.Endpoint("tcp")}, Coalesce: true, Deliver: socket.To(r.Echo())})
	b := r.Spawn(socket.Config{Type: socket.Dealer, Connect: r.At(a), Coalesce: true})
	ctx, cancel := context.WithTimeout(context.Background(), rig.Patience)
	defer cancel()
	for i := range 50 {
		reply, err := messages.Ask(ctx, r.Root, b, messages.Text(fmt.Sprint(i)))
		if err != nil || reply.Text() != fmt.Sprint(i) {
			t.Fatal(reply, err)
		}
	}
}
