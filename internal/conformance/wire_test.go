package conformance

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"time"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

// wire is a peer that we are byte by byte: ZMTP 3.0 and 3.1, RFC 23 and 37.
type wire struct {
	s    *stage
	conn net.Conn
}

// dial connects a wire to an end.
func (s *stage) dial(e *end) *wire {
	s.T.Helper()
	kind, address, _ := strings.Cut(s.At(e.pid)[0], "://")
	if kind == "ipc" {
		kind = "unix"
	}
	conn, err := net.Dial(kind, address)
	if err != nil {
		s.T.Fatal(err)
	}
	return s.wire(conn)
}

// listen waits for an end to connect to a wire.
func (s *stage) listen() (at string, accept func() *wire) {
	s.T.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.T.Fatal(err)
	}
	s.T.Cleanup(func() { l.Close() })
	return "tcp://" + l.Addr().String(), func() *wire {
		s.T.Helper()
		conn, err := l.Accept()
		if err != nil {
			s.T.Fatal(err)
		}
		return s.wire(conn)
	}
}

func (s *stage) wire(conn net.Conn) *wire {
	s.T.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(rig.Patience))
	return &wire{s, conn}
}

// write sends bytes. Whoever is refused may see the connection end before all of them are written.
func (w *wire) write(b ...byte) { w.conn.Write(b) }

// read takes n bytes.
func (w *wire) read(n int) []byte {
	w.s.T.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(w.conn, b); err != nil {
		w.s.T.Fatalf("read %d bytes: %v", n, err)
	}
	return b
}

// ended waits until the other side has closed the connection, whatever it sends before.
func (w *wire) ended() {
	w.s.T.Helper()
	if _, err := io.Copy(io.Discard, w.conn); err != nil && !strings.Contains(err.Error(), "reset") {
		w.s.T.Error(err)
	}
}

// greeting is what a client of this mechanism begins with.
func greeting(minor byte, mechanism string) []byte {
	g := append([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, minor}, mechanism...)
	return append(g, make([]byte, 64-len(g))...)
}

// frames of ZMTP: flags, a length, and what they carry.
const (
	frameMore    = 1
	frameLong    = 2
	frameCommand = 4
)

func frame(flags byte, body []byte) []byte {
	if len(body) > 255 {
		return append(binary.BigEndian.AppendUint64([]byte{flags | frameLong}, uint64(len(body))), body...)
	}
	return append([]byte{flags, byte(len(body))}, body...)
}

func command(name string, body ...byte) []byte {
	return frame(frameCommand, append(append([]byte{byte(len(name))}, name...), body...))
}

// property is one of the metadata of READY and INITIATE.
func property(name, value string) []byte {
	b := append([]byte{byte(len(name))}, name...)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(value))), value...)
}

// next takes a frame.
func (w *wire) next() (flags byte, body []byte) {
	w.s.T.Helper()
	head := w.read(2)
	n := uint64(head[1])
	if head[0]&frameLong != 0 {
		n = binary.BigEndian.Uint64(append(head[1:2:2], w.read(7)...))
	}
	return head[0], w.read(int(n))
}

// expect takes a frame that must be this one.
func (w *wire) expect(want []byte) {
	w.s.T.Helper()
	if flags, body := w.next(); !bytes.Equal(frame(flags&^frameLong, body), want) {
		w.s.T.Errorf("the wire has %q, want %q", frame(flags&^frameLong, body), want)
	}
}

// handshake is that of NULL, as a socket of this type.
func (w *wire) handshake(minor byte, typ string) {
	w.s.T.Helper()
	w.write(greeting(minor, "NULL")...)
	w.read(64)
	w.write(command("READY", append(property("Socket-Type", typ), property("Identity", "")...)...)...)
	if flags, body := w.next(); flags != frameCommand || !bytes.HasPrefix(body, []byte("\x05READY")) {
		w.s.T.Fatalf("no READY: %d %q", flags, body)
	}
}
