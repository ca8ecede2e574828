package contract

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// streams has a STREAM talk to a plain connection of package net.
func streams(t *testing.T, cfg zmqthread.Config) {
	s := suite{cfg, "tcp"}
	s.test(t, "binds", func(b *bench) {
		stream := b.spawn(socket.Config{Type: socket.Stream, Bind: []string{b.Endpoint("tcp")}})
		conn, err := net.Dial("tcp", strings.TrimPrefix(b.At(stream.pid)[0], "tcp://"))
		if err != nil {
			b.T.Fatal(err)
		}
		b.stream(stream, conn)
	})
	s.test(t, "connects", func(b *bench) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.T.Fatal(err)
		}
		defer listener.Close()
		stream := b.spawn(socket.Config{Type: socket.Stream, Connect: []string{"tcp://" + listener.Addr().String()}})
		conn, err := listener.Accept()
		if err != nil {
			b.T.Fatal(err)
		}
		b.stream(stream, conn)
	})
	s.test(t, "batches", func(b *bench) {
		stream := b.spawn(socket.Config{Type: socket.Stream, Bind: []string{b.Endpoint("tcp")}, Batch: 4})
		conn, err := net.Dial("tcp", strings.TrimPrefix(b.At(stream.pid)[0], "tcp://"))
		if err != nil {
			b.T.Fatal(err)
		}
		defer conn.Close()
		conn.Write([]byte("hello"))
		got := ""
		for got != "hello" {
			batch, _ := rig.Take[*messages.Batch](stream.Collector)
			if !batch.Routed || batch.Count > 4 {
				b.T.Fatalf("batch of %d, routed %v", batch.Count, batch.Routed)
			}
			for _, m := range batch.Messages() {
				got += m.Text()
			}
		}
	})
	s.test(t, "inproc and ipc are refused", func(b *bench) {
		for _, transport := range []string{"inproc", "ipc"} {
			err := socket.Config{Type: socket.Stream, Bind: []string{b.Endpoint(transport)}}.Validate()
			if !errors.Is(err, messages.ErrConfig) {
				b.T.Errorf("%s: %v", transport, err)
			}
		}
	})
}

// stream exchanges bytes with conn, by c.Respond and by messages.Reply, and lets the socket close
// the connection.
func (b *bench) stream(stream *end, conn net.Conn) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(rig.Patience))
	hello := stream.Message()
	if hello.Envelope != 1 || len(hello.Frames) != 2 || len(hello.Frames[1]) != 0 {
		b.T.Fatalf("a new connection is announced as %s", brief(hello.Frames))
	}
	if _, err := conn.Write(filled(100 << 10)); err != nil {
		b.T.Fatal(err)
	}
	var in []byte
	var mail rig.Mail
	for len(in) < 100<<10 {
		var m *messages.Message
		if m, mail = rig.Take[*messages.Message](stream.Collector); string(m.Frames[0]) != string(hello.Frames[0]) {
			b.T.Fatalf("identity %q, then %q", hello.Frames[0], m.Frames[0])
		}
		in = append(in, m.Body()[0]...)
	}
	if !same([][]byte{in}, [][]byte{filled(100 << 10)}) {
		b.T.Fatal("the bytes that arrived are not those that were sent")
	}

	mail.Respond(messages.Text("one, "))
	b.Root.Send(stream.pid, messages.Reply(hello, messages.Text("two, ")))
	b.Root.Send(stream.pid, messages.Bytes(hello.Frames[0], []byte("three")))
	out := make([]byte, len("one, two, three"))
	if _, err := io.ReadFull(conn, out); err != nil || string(out) != "one, two, three" {
		b.T.Fatalf("%q, %v", out, err)
	}

	b.Root.Send(stream.pid, messages.Bytes(hello.Frames[0], nil))
	if n, err := conn.Read(out); err != io.EOF {
		b.T.Fatalf("an empty message closes the connection: read %d bytes, %v", n, err)
	}
}
