package socket_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// bound opens a socket of libzmq's own that is bound.
func bound(t *testing.T, typ zmq.Type) (*zmq.Socket, string) {
	t.Helper()
	ctx, err := zmq.NewContext()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ctx.NewSocket(typ)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.SetLinger(0)
		s.Close()
		ctx.Term()
	})
	s.SetRcvtimeo(rig.Patience)
	if err := s.Bind("tcp://127.0.0.1:*"); err != nil {
		t.Fatal(err)
	}
	at, err := s.GetLastEndpoint()
	if err != nil {
		t.Fatal(err)
	}
	return s, at
}

func receive(t *testing.T, s *zmq.Socket) []string {
	t.Helper()
	frames, err := s.RecvMessage(0)
	if err != nil {
		t.Fatal(err)
	}
	return frames
}

// The envelope of a request, frame by frame.
func TestTraceOnTheWire(t *testing.T) {
	for _, typ := range []string{"REQ", "DEALER"} {
		for _, trace := range []socket.Trace{socket.TraceOff, socket.TraceRequests} {
			t.Run(fmt.Sprint(typ, " ", trace), func(t *testing.T) {
				r := rig.Start(t, zmqthread.Config{})
				router, at := bound(t, zmq.ROUTER)
				cfg, number := socket.Config{Type: socket.Req, Connect: []string{at}, Trace: trace}, 4
				if typ == "DEALER" {
					cfg.Type, number = socket.Dealer, 13
				}
				pid := r.Spawn(cfg)
				for _, c := range []struct {
					headers map[string]string
					want    string
				}{
					{headers(0), mark + parent(0) + state},
					{nil, ""},
					{map[string]string{"traceparent": parent(1)}, mark + parent(1)},
					{map[string]string{"traceparent": parent(1), "tracestate": "no state"}, mark + parent(1)},
					{map[string]string{"traceparent": "nonsense", "tracestate": state}, ""},
					{map[string]string{"tracestate": state}, ""},
					{map[string]string{"traceparent": parent(2), "tracestate": "a=b," + strings.Repeat("x", 100) + "=" + strings.Repeat("y", 100)},
						mark + parent(2) + "a=b"},
				} {
					answer := make(chan error, 1)
					go func() {
						reply, err := messages.Ask(r.Ctx, within{r.Root, c.headers}, pid, messages.Text("body", ""))
						if err == nil && !areFrames(reply.Frames, "well") {
							err = fmt.Errorf("got %q", reply.Frames)
						}
						answer <- err
					}()
					got := receive(t, router)
					if len(got) < 3 || len(got[1]) != number {
						t.Fatalf("%q", got)
					}
					envelope := []string{got[0], got[1]}
					if c.want != "" && trace != socket.TraceOff {
						envelope = append(envelope, c.want)
					}
					if envelope = append(envelope, ""); !slices.Equal(got, append(slices.Clone(envelope), "body", "")) {
						t.Fatalf("%v: %q", c.headers, got)
					}
					if _, err := router.SendMessage(append(envelope, "well")); err != nil {
						t.Fatal(err)
					}
					if err := <-answer; err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

// Between peers that know nothing of traces and a socket that has them: everybody is answered, and nobody
// sees a frame that is not theirs.
func TestTraceStrangers(t *testing.T) {
	python := peer.Python(t, "zmq")
	said := func(t *testing.T, p *peer.Process) (frames []string) {
		t.Helper()
		if err := json.Unmarshal([]byte(p.Line()), &frames); err != nil {
			t.Fatal(err)
		}
		return frames
	}
	for _, typ := range []string{"REQ", "DEALER"} {
		for _, server := range []string{"rep", "router"} {
			t.Run(typ+" asks a "+server, func(t *testing.T) {
				r := rig.Start(t, zmqthread.Config{})
				p := peer.Start(t, python, "testdata/trace.py", server, "tcp://127.0.0.1:*")
				cfg := socket.Config{Type: socket.Req, Connect: []string{p.Await("at ")}, Trace: socket.TraceRequests}
				if typ == "DEALER" {
					cfg.Type = socket.Dealer
				}
				pid := r.Spawn(cfg)
				for n := range 10 {
					sender := actor.SenderContext(r.Root)
					if n%3 > 0 {
						sender = within{r.Root, headers(n)}
					}
					reply, err := messages.Ask(r.Ctx, sender, pid, messages.Text("hello", fmt.Sprint(n)))
					if err != nil || !areFrames(reply.Frames, "re", "hello", fmt.Sprint(n)) {
						t.Fatal(reply, err)
					}
					got := said(t, p)
					if server == "router" { // it sees the envelope
						traced := slices.Contains(got, mark+parent(n)+state)
						if traced != (n%3 > 0) {
							t.Errorf("%q", got)
						}
						got = got[slices.Index(got, "")+1:]
					}
					if !slices.Equal(got, []string{"hello", fmt.Sprint(n)}) {
						t.Errorf("%q", got)
					}
				}
			})
		}
	}
	for _, typ := range []string{"REP", "ROUTER"} {
		for _, client := range []string{"req", "correlate"} {
			t.Run("a "+client+" asks a "+typ, func(t *testing.T) {
				r := rig.Start(t, zmqthread.Config{})
				to, got := scribe(r)
				cfg := socket.Config{Type: socket.Rep, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(to), Trace: socket.TraceRequests}
				if typ == "ROUTER" {
					cfg.Type, cfg.Trace = socket.Router, socket.TraceFrames
				}
				pid := r.Spawn(cfg)
				p := peer.Start(t, python, "testdata/trace.py", client, r.At(pid)[0])
				for n := range 5 {
					expect(t, got, -1, "hello", fmt.Sprint(n))
					if answer := said(t, p); !slices.Equal(answer, []string{"re", "hello", fmt.Sprint(n)}) {
						t.Errorf("%q", answer)
					}
				}
			})
		}
		t.Run("one that writes its context itself asks a "+typ, func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			to, got := scribe(r)
			cfg := socket.Config{Type: socket.Rep, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(to), Trace: socket.TraceRequests}
			if typ == "ROUTER" {
				cfg.Type = socket.Router
			}
			pid := r.Spawn(cfg)
			p := peer.Start(t, python, "testdata/trace.py", "traced", r.At(pid)[0])
			expect(t, got, 1, "hello")
			if answer := said(t, p); !slices.Equal(answer, []string{mark + parent(1) + state, "", "re", "hello"}) {
				t.Errorf("%q", answer)
			}
		})
	}
	t.Run("a push to a PULL", func(t *testing.T) {
		r := rig.Start(t, zmqthread.Config{})
		to, got := scribe(r)
		pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(to), Trace: socket.TraceFrames})
		peer.Start(t, python, "testdata/trace.py", "push", r.At(pull)[0])
		for _, frames := range [][]string{{"a"}, {"a", "b"}, {"a", "\x00W3D"}, {"", ""}} {
			expect(t, got, -1, frames...)
		}
	})
	for trace, want := range map[socket.Trace][]string{
		socket.TraceOff: {"a", "b"}, socket.TraceFrames: {"a", "b", mark + parent(3) + state}, // as it was told to
	} {
		t.Run(fmt.Sprintf("a PUSH with trace %v to a pull", trace), func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			p := peer.Start(t, python, "testdata/trace.py", "pull", "tcp://127.0.0.1:*")
			push := r.Spawn(socket.Config{Type: socket.Push, Connect: []string{p.Await("at ")}, Trace: trace})
			r.Root.Send(push, with(3, messages.Text("a", "b")))
			if got := said(t, p); !slices.Equal(got, want) {
				t.Errorf("%q", got)
			}
			r.Root.Send(push, messages.Text("a", "b"))
			if got := said(t, p); !slices.Equal(got, []string{"a", "b"}) {
				t.Errorf("%q", got)
			}
		})
	}
}

// A socket without Trace does not mind a peer with it: a ROUTER knows where the body of its request begins.
func TestTraceMeetsOneWithout(t *testing.T) {
	for _, typ := range []string{"REQ", "DEALER"} {
		for _, server := range []string{"REP", "ROUTER"} {
			t.Run(typ+" "+server, func(t *testing.T) {
				r := rig.Start(t, zmqthread.Config{})
				to, got := scribe(r)
				sc := socket.Config{Type: socket.Rep, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(to)}
				if server == "ROUTER" {
					sc.Type = socket.Router
				}
				s := r.Spawn(sc)
				cc := socket.Config{Type: socket.Req, Connect: r.At(s), Trace: socket.TraceRequests}
				if typ == "DEALER" {
					cc.Type = socket.Dealer
				}
				c := r.Spawn(cc)
				long := within{r.Root, map[string]string{"traceparent": parent(1), "tracestate": "a=" + strings.Repeat("b", 200)}}
				for _, sender := range []actor.SenderContext{r.Root, within{r.Root, headers(1)}, long} {
					reply, err := messages.Ask(r.Ctx, sender, c, messages.Text("hello"))
					if err != nil || !areFrames(reply.Frames, "re", "hello") {
						t.Fatal(reply, err)
					}
					expect(t, got, -1, "hello")
				}
			})
		}
	}
}

// relay passes on what is sent to a TCP port, and keeps what the connecting side has sent.
func relay(t *testing.T, to string) (at string, sent func() string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all []byte
	var done sync.WaitGroup
	done.Go(func() {
		near, err := l.Accept()
		if err != nil {
			return
		}
		defer near.Close()
		far, err := net.Dial("tcp", strings.TrimPrefix(to, "tcp://"))
		if err != nil {
			t.Error(err)
			return
		}
		defer far.Close()
		done.Go(func() { io.Copy(near, far); near.Close() })
		buf := make([]byte, 64<<10)
		for {
			n, err := near.Read(buf)
			mu.Lock()
			all = append(all, buf[:n]...)
			mu.Unlock()
			if _, failed := far.Write(buf[:n]); err != nil || failed != nil {
				return
			}
		}
	})
	t.Cleanup(func() { l.Close(); done.Wait() })
	return "tcp://" + l.Addr().String(), func() string {
		mu.Lock()
		defer mu.Unlock()
		return string(all)
	}
}

// With Trace off headers change no byte on the wire. With it, what has no context is as it was, too.
func TestTraceOffIsNotSeen(t *testing.T) {
	types := map[string][2]zmq.Type{
		"PUSH": {socket.Push, zmq.PULL}, "PAIR": {socket.Pair, zmq.PAIR}, "DEALER": {socket.Dealer, zmq.DEALER},
	}
	for name, typ := range types {
		t.Run(name, func(t *testing.T) {
			wire := func(trace socket.Trace, n int) string {
				r := rig.Start(t, zmqthread.Config{})
				far, at := bound(t, typ[1])
				at, sent := relay(t, at)
				pid := r.Spawn(socket.Config{Type: typ[0], Connect: []string{at}, Trace: trace})
				batch := messages.NewBatch()
				batch.Append([]byte("in"), []byte("a"))
				batch.Append([]byte("batch"))
				for _, m := range []any{messages.Text("a"), messages.Text("b", "c"), batch} {
					r.Root.Send(pid, with(n, m))
				}
				r.Root.Send(pid, with(n, messages.Text("e")))
				for _, want := range [][]string{{"a"}, {"b", "c"}, {"in", "a"}, {"batch"}, {"e"}} {
					if got := receive(t, far); got[0] != want[0] {
						t.Fatalf("%q", got)
					}
				}
				r.Shutdown()
				return sent()
			}
			before := wire(socket.TraceOff, -1)
			if with := wire(socket.TraceOff, 3); with != before {
				t.Errorf("off: %q\nand without a header %q", with, before)
			}
			if on := wire(socket.TraceFrames, -1); on != before {
				t.Errorf("on: %q\nand off %q", on, before)
			}
			if traced := wire(socket.TraceFrames, 3); strings.Count(traced, mark+parent(3)+state) != 5 {
				t.Errorf("%q", traced)
			}
		})
	}
}
