package socket

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/messages"
)

// bindOrConnect asks libzmq about endpoint with a socket that is closed at once.
func bindOrConnect(t testing.TB, zctx *zmq.Context, endpoint string, bind bool, typ zmq.Type) error {
	t.Helper()
	s, err := zctx.NewSocket(typ)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := errors.Join(s.SetLinger(0), s.SetIpv6(true), s.SetReconnectIvl(-1)); err != nil {
		t.Fatal(err)
	}
	if bind {
		return s.Bind(endpoint)
	}
	return s.Connect(endpoint)
}

// refusesSyntax says whether libzmq's answer is about the endpoint and not about this host.
func refusesSyntax(err error) bool {
	switch zmq.AsErrno(err) {
	case zmq.Errno(syscall.EINVAL), zmq.EPROTONOSUPPORT, zmq.ENOCOMPATPROTO, zmq.Errno(syscall.ENAMETOOLONG):
		return true
	}
	return false
}

// goodEndpoints are accepted; try also gives them to libzmq. It must not be set for names, which
// libzmq looks up, nor for what this host may not have.
var goodEndpoints = []struct {
	endpoint string
	bind     bool
	try      bool
	typ      zmq.Type
}{
	{"tcp://*:5555", true, false, Pull},
	{"tcp://127.0.0.1:*", true, true, Pull},
	{"tcp://127.0.0.1:0", true, true, Pull},
	{"tcp://127.0.0.1:65535", true, false, Pull},
	{"tcp://lo:*", true, false, Pull},
	{"tcp://eth0.100:5555", true, false, Pull},
	{"tcp://[::1]:*", true, false, Pull},
	{"tcp://[::ffff:127.0.0.1]:*", true, false, Pull}, // what libzmq calls 127.0.0.1 with IPv6
	{"tcp://127.0.0.1:*", true, true, Stream},
	{"tcp://127.0.0.1:1", false, true, Push},
	{"tcp://[::1]:1", false, true, Push},
	{"tcp://[fe80::1%2]:65535", false, true, Push},
	{"tcp://[fe80::1%eth0]:65535", false, true, Push},
	{"tcp://db-1.example.com:5555", false, false, Push},
	{"tcp://my_service:5555", false, false, Push},
	{"tcp://localhost.:5555", false, false, Push},
	{"tcp://127.0.0.1:0;127.0.0.1:1", false, true, Push},
	{"tcp://127.0.0.1:*;127.0.0.1:1", false, true, Push},
	{"tcp://[::1]:0;[::1]:1", false, true, Push},
	{"tcp://eth0:0;127.0.0.1:1", false, true, Push},
	{"ipc://*", true, true, Pull},
	{"ipc://name", true, true, Pull},
	{"ipc://a b ü", true, true, Pull},
	{"ipc://@sockeye/", true, false, Pull},
	{"ipc://" + strings.Repeat("x", maxPath), true, true, Pull},
	{"ipc:///nowhere/x", false, true, Push},
	{"inproc://x", true, true, Pull},
	{"inproc://zeromq.zap.01", true, true, Rep},
	{"inproc://zeromq.zap.01", false, true, Dealer},
	{"inproc://" + strings.Repeat("x", 256), false, true, Push},
	{"inproc://*://\xff ", false, true, Push},
	{"pgm://eth0;239.192.0.1:7500", true, false, Pub},
	{"epgm://;[ff02::1]:7500", false, false, XSub},
	{"norm://1,eth0;239.192.0.1:7500", false, false, Sub},
	{"tipc://{5560,0,0}", true, true, Pull},
	{"tipc://<*>", true, true, Pull},
	{"tipc://{5560,0}@1.0.0", false, true, Push},
	{"tipc://<1.0.0:5560>", false, true, Push},
	{"vmci://*:*", true, false, Pull},
	{"vmci://2:5555", false, false, Push},
}

func TestCheckEndpointAccepts(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("TMPDIR", t.TempDir()) // for ipc://*
	zctx := testContext(t)
	for _, c := range goodEndpoints {
		if !builtIn(c.endpoint) {
			continue
		}
		if err := checkEndpoint("Bind[0]", c.endpoint, c.bind, c.typ); err != nil {
			t.Error(err)
		}
		if c.try {
			if err := bindOrConnect(t, zctx, c.endpoint, c.bind, c.typ); refusesSyntax(err) {
				t.Errorf("%s: libzmq: %v", c.endpoint, err)
			}
		}
	}
}

// builtIn reports whether this libzmq has an endpoint's transport.
func builtIn(endpoint string) bool {
	name, _, _ := strings.Cut(endpoint, "://")
	built := transports[name].built
	return built == nil || built()
}

// badEndpoints are refused, and by libzmq too, but for those with the reason why Sockeye is
// stricter.
var badEndpoints = []struct {
	endpoint string
	bind     bool
	typ      zmq.Type
	stricter string
}{
	{"", true, Pull, ""},
	{"tcp", true, Pull, ""},
	{"://", true, Pull, ""},
	{"127.0.0.1:5555", false, Push, ""},
	{"http://127.0.0.1:5555", false, Push, ""},
	{"TCP://127.0.0.1:5555", false, Push, ""},
	{"udp://127.0.0.1:5555", false, Push, ""},
	{"cluster://", true, Pull, ""},
	{"cluster://or/ders", true, Pull, "names are ours"},
	{"ws://127.0.0.1:5555", false, Push, "a DRAFT that Debian builds in all the same"},
	{"inproc://a\x00b", true, Pull, "would be inproc://a"},

	{"tcp://", true, Pull, ""},
	{"tcp://127.0.0.1", true, Pull, ""},
	{"tcp://127.0.0.1:", true, Pull, ""},
	{"tcp://127.0.0.1:x", true, Pull, ""},
	{"tcp://127.0.0.1:00", true, Pull, ""},
	{"tcp://127.0.0.1: *", true, Pull, ""},
	{"tcp://:*", true, Pull, ""},
	{"tcp://localhost:*", true, Pull, "libzmq takes it from 4.3.5 on"},
	{"tcp://127.0.0.256:*", true, Pull, ""},
	{"tcp://no such interface:*", true, Pull, ""},
	{"tcp://db-1.example.com.:*", true, Pull, ""},
	{"tcp://[::g]:*", true, Pull, ""},
	{"tcp://[::1:*", true, Pull, ""},
	{"tcp://[::1%]:*", true, Pull, ""},
	{"tcp://[::1%-]:*", true, Pull, ""},
	{"tcp://[*]:*", true, Pull, "means * to libzmq, and would not in a connect"},
	{"tcp://::1:*", true, Pull, "can be read in two ways"},
	{"tcp://[127.0.0.1]:*", true, Pull, "is no IPv6 address"},
	{"tcp://127.1:*", true, Pull, "more often a mistake"},
	{"tcp://127.0.0.1:0;127.0.0.1:*", true, Pull, "the source would be ignored"},

	{"tcp://127.0.0.1:*", false, Push, ""},
	{"tcp://*:1", false, Push, ""},
	{"tcp://127.0.0.1:1/", false, Push, ""},
	{"tcp://_x:1", false, Push, ""},
	{"tcp://-x:1", false, Push, ""},
	{"tcp://user@host:1", false, Push, ""},
	{"tcp://*:0;127.0.0.1:1", false, Push, ""},
	{"tcp://127.0.0.1:0;", false, Push, "retried in silence for ever"},
	{"tcp://127.0.0.1:+1", false, Push, ""},
	{"tcp://:1", false, Push, "retried in silence for ever"},
	{"tcp://127.0.0.1:0", false, Push, "nobody listens there"},
	{"tcp://127.0.0.1:99999", false, Push, "would be another port"},
	{"tcp://127.0.0.1:1x", false, Push, "would be another port"},
	{"tcp://127.0.0.1:01", false, Push, "would it be octal?"},
	{"tcp://1.2.3.4.5:1", false, Push, "retried in silence for ever"},
	{"tcp://[::1%0]:1", false, Push, "retried in silence for ever"},
	{"tcp://a..b:1", false, Push, "retried in silence for ever"},
	{"tcp://" + strings.Repeat("a", 64) + ":1", false, Push, "retried in silence for ever"},
	{"tcp://" + strings.Repeat("a.", 127) + ":1", false, Push, "retried in silence for ever"},
	{"tcp://127.0.0.1;127.0.0.1:1", false, Push, "retried in silence for ever"},
	{"tcp://127.0.0.1:0;127.0.0.1:0;127.0.0.1:1", false, Push, "retried in silence for ever"},

	{"ipc://", true, Pull, ""},
	{"ipc://@", true, Pull, ""},
	{"ipc://" + strings.Repeat("x", maxPath+1), true, Pull, ""},
	{"ipc://directory/", true, Pull, ""},
	{"ipc://nowhere/", true, Pull, ""},
	{"ipc://*x", true, Pull, "the x would be ignored"},
	{"ipc://*", false, Push, "a bind never makes a file of that name"},
	{"ipc://*x", false, Push, "a bind never makes a file of that name"},
	{"ipc://directory/", false, Push, "retried in silence for ever"},
	{"ipc://x", true, Stream, "zmq_socket(3) has STREAM over tcp only"},
	{"inproc://x", true, Stream, "zmq_socket(3) has STREAM over tcp only"},
	{"inproc://", true, Pull, ""},
	{"inproc://zeromq.zap.01", true, Dealer, "libzmq asserts the type, session_base.cpp:370"},
	{"inproc://" + strings.Repeat("x", 257), true, Pull, "zmq_inproc(7) promises no more"},

	{"pgm://;239.192.0.1:7500", true, Push, ""},
	{"norm://239.192.0.1:7500", false, Dealer, ""},
	{"pgm://;239.192.0.1", false, Sub, ""},
	{"epgm://:7500", false, Sub, "OpenPGM would pick a group"},
	{"pgm://" + strings.Repeat("x", 255) + ":7500", false, Sub, ""},
	{"pgm://;239.192.0.1:0", false, Sub, "libzmq refuses it with whatever errno was there"},
	{"tipc://5560", false, Push, ""},
	{"tipc://<1.0.0:5560>", true, Pull, ""},
	{"tipc://<*>", false, Push, ""},
	{"vmci://5560", false, Push, ""},
}

func TestCheckEndpointRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("directory", 0o755); err != nil {
		t.Fatal(err)
	}
	zctx := testContext(t)
	for _, c := range badEndpoints {
		err := checkEndpoints("Connect", []string{"tcp://127.0.0.1:1", c.endpoint}[1:], c.bind, c.typ)
		var wrong *ConfigError
		if !errors.As(err, &wrong) || wrong.Field != "Connect[0]" || wrong.Value != c.endpoint || !errors.Is(err, messages.ErrConfig) {
			t.Errorf("%q: %v", c.endpoint, err)
		}
		if c.stricter != "" {
			continue
		}
		if err := bindOrConnect(t, zctx, c.endpoint, c.bind, c.typ); err == nil {
			t.Errorf("%q: libzmq takes it", c.endpoint)
		}
	}
}

func TestCheckEndpointsCounts(t *testing.T) {
	var wrong *ConfigError
	err := checkEndpoints("Bind", []string{"tcp://*:1", "inproc://x", "tcp://*:"}, true, Pull)
	if !errors.As(err, &wrong) || wrong.Field != "Bind[2]" {
		t.Errorf("%v", err)
	}
	if err := checkEndpoints("Bind", nil, true, Pull); err != nil {
		t.Error(err)
	}
}

// FuzzCheckEndpoint: nothing makes checkEndpoint panic, and what it accepts libzmq does not refuse
// for its syntax. libzmq is asked only about what touches nothing outside of the test: inproc, a
// bind to a loopback port that the system picks, and ipc in a directory of its own, since a bind
// removes what is at the path.
func FuzzCheckEndpoint(f *testing.F) {
	for _, c := range goodEndpoints {
		f.Add(c.endpoint, c.bind)
	}
	for _, c := range badEndpoints {
		f.Add(c.endpoint, c.bind)
	}
	dir := f.TempDir()
	zctx := testContext(f)
	f.Fuzz(func(t *testing.T, endpoint string, bind bool) {
		t.Chdir(dir) // not outside, where testdata is read and written
		if checkEndpoint("Bind[0]", endpoint, bind, Pull) != nil || !harmless(endpoint, bind) {
			return
		}
		if err := bindOrConnect(t, zctx, endpoint, bind, Pull); refusesSyntax(err) {
			t.Errorf("%q: libzmq: %v", endpoint, err)
		}
	})
}

func harmless(endpoint string, bind bool) bool {
	transport, address, _ := strings.Cut(endpoint, "://")
	switch transport {
	case "inproc":
		return true
	case "ipc":
		return filepath.IsLocal(address) && !strings.ContainsAny(address[:1], "@*")
	case "tcp":
		return bind && (address == "127.0.0.1:*" || address == "127.0.0.1:0" || address == "[::1]:*")
	}
	return false
}
