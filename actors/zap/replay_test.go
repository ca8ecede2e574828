package zap_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zap"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// recorder is a tcp proxy that keeps what clients send.
type recorder struct {
	net.Listener
	to string

	mu    sync.Mutex
	sent  bytes.Buffer // guarded by mu
	conns []net.Conn   // guarded by mu
}

func record(t *testing.T, to string) *recorder {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{Listener: l, to: strings.TrimPrefix(to, "tcp://")}
	var all sync.WaitGroup
	all.Go(func() { r.accept(&all) })
	t.Cleanup(func() {
		l.Close()
		r.mu.Lock()
		for _, c := range r.conns {
			c.Close()
		}
		r.mu.Unlock()
		all.Wait()
	})
	return r
}

func (r *recorder) accept(all *sync.WaitGroup) {
	for {
		client, err := r.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", r.to)
		if err != nil {
			client.Close()
			continue
		}
		r.mu.Lock()
		r.conns = append(r.conns, client, server)
		r.mu.Unlock()
		all.Go(func() {
			io.Copy(server, io.TeeReader(client, r))
			server.Close()
		})
		all.Go(func() {
			io.Copy(client, server)
			client.Close()
		})
	}
}

// Write keeps what a client has sent.
func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sent.Write(p)
}

// The bytes of a good client, handshake and messages, say nothing to the server a second time: neither
// all at once nor as it answers. The handler is not even asked.
func TestCurveReplay(t *testing.T) {
	server, alice := pair(t), pair(t)
	s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Curve: map[string]string{alice.Public: "alice"}}}}, server.Server("shop"))
	tape := record(t, s.at[0])
	good := s.Spawn(socket.Config{Type: socket.Req, Connect: []string{"tcp://" + tape.Addr().String()}, Options: alice.Client(server.Public)})
	s.works(good)
	s.decided()
	tape.mu.Lock()
	sent := bytes.Clone(tape.sent.Bytes())
	tape.mu.Unlock()
	if !bytes.Contains(sent, []byte("INITIATE")) || bytes.Contains(sent, []byte("hello")) {
		t.Fatalf("the recording is no CURVE: %q", sent)
	}
	hello := bytes.Index(sent, []byte("HELLO"))
	initiate := bytes.Index(sent, []byte("INITIATE"))
	for name, cuts := range map[string][]int{
		"at once":       {},
		"step by step":  {10, 64, hello + 150, initiate + 20},
		"one by one":    {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 63, 64, 65},
		"from INITIATE": {-initiate},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", tape.to)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			from := 0
			for _, to := range append(cuts, len(sent)) {
				if to < 0 { // the greeting, and then straight to it
					c.Write(sent[:64])
					from = -to - 10
					continue
				}
				c.Write(sent[from:to]) // fails when the server has hung up already
				from = to
			}
			c.SetReadDeadline(time.Now().Add(rig.Patience))
			if _, err := io.Copy(io.Discard, c); isTimeout(err) {
				t.Error("the server has not hung up")
			}
			if e, _ := rig.Await[*socket.HandshakeFailed](s.events); e.Err.Protocol == 0 {
				t.Error(e)
			}
		})
	}
	before := s.Counts(s.server).Received
	s.works(good)
	if got := s.Counts(s.server).Received; before != 1 || got != 2 {
		t.Errorf("%d, then %d requests received", before, got)
	}
	s.zap.Empty()
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}
