package conformance

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync/atomic"

	"github.com/sockeye-mq/sockeye/actors/socket"
)

// proxy5 is a SOCKS5 proxy, RFC 1928, that lets everybody through, or nobody.
type proxy5 struct {
	s      *stage
	at     string
	served atomic.Int64
	named  atomic.Int64 // of those, by a name rather than an address
}

func (s *stage) socks(reply byte) *proxy5 {
	s.T.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.T.Fatal(err)
	}
	s.T.Cleanup(func() { l.Close() })
	p := &proxy5{s: s, at: l.Addr().String()}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(conn, reply)
		}
	}()
	return p
}

func (p *proxy5) serve(conn net.Conn, reply byte) {
	defer conn.Close()
	to, err := p.request(conn)
	if err != nil {
		return
	}
	p.served.Add(1)
	if conn.Write([]byte{5, reply, 0, 1, 0, 0, 0, 0, 0, 0}); reply != 0 {
		return
	}
	far, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer far.Close()
	go func() { io.Copy(far, conn); far.Close() }()
	io.Copy(conn, far)
}

// request is the greeting and the command CONNECT.
func (p *proxy5) request(conn net.Conn) (to string, err error) {
	read := func(n int) []byte {
		b := make([]byte, n)
		if err == nil {
			_, err = io.ReadFull(conn, b)
		}
		return b
	}
	read(int(read(2)[1]))
	conn.Write([]byte{5, 0})
	var host string
	switch head := read(4); head[3] {
	case 1:
		host = net.IP(read(4)).String()
	case 3:
		host = string(read(int(read(1)[0])))
		p.named.Add(1)
	case 4:
		host = net.IP(read(16)).String()
	}
	return net.JoinHostPort(host, fmt.Sprint(binary.BigEndian.Uint16(read(2)))), err
}

var socks = chapter{"socks", []scenario{
	{"none", "tcp", func(s *stage) { s.roundtrip(pair(), pair()) }},
	{"through it", "tcp", func(s *stage) {
		p := s.socks(0)
		pull := s.bind(socket.Config{Type: socket.Pull})
		push := s.connect(pull, socket.Config{Type: socket.Push, Options: socket.Options{SocksProxy: p.at}})
		push.send("ABC")
		pull.expect("ABC")
		if p.served.Load() != 1 {
			s.T.Errorf("%d connections", p.served.Load())
		}
	}},
	{"by name", "tcp", func(s *stage) {
		p := s.socks(0)
		pull := s.bind(socket.Config{Type: socket.Pull})
		_, port, _ := net.SplitHostPort(s.At(pull.pid)[0][len("tcp://"):])
		push := s.spawn(socket.Config{Type: socket.Push, Connect: []string{"tcp://localhost:" + port},
			Options: socket.Options{SocksProxy: p.at}})
		push.send("ABC")
		pull.expect("ABC")
		if p.named.Load() != 1 {
			s.T.Error("the proxy was not told the name")
		}
	}},
	{"IPv6", "tcp", func(s *stage) {
		p := s.socks(0)
		v6 := socket.Options{IPv6: true}
		pull := s.spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://[::1]:*"}, Options: v6})
		v6.SocksProxy = p.at
		push := s.connect(pull, socket.Config{Type: socket.Push, Options: v6})
		push.send("ABC")
		pull.expect("ABC")
	}},
	{"bind after the connect", "tcp", func(s *stage) {
		p, at := s.socks(0), s.reserve()
		push := s.spawn(socket.Config{Type: socket.Push, Connect: []string{at}, Options: socket.Options{SocksProxy: p.at}})
		s.until("it was tried", func() bool { return p.served.Load() > 0 })
		pull := s.spawn(socket.Config{Type: socket.Pull, Bind: []string{at}})
		push.send("ABC")
		pull.expect("ABC")
	}},
}}
