package socket

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"
)

type optionSample struct {
	options Options
	get     func(*zmq.Socket) (any, error) // nil: nobody can read it back
	want    any
}

// read makes a getter of a method expression of pebbe's.
func read[T any](get func(*zmq.Socket) (T, error)) func(*zmq.Socket) (any, error) {
	return func(s *zmq.Socket) (any, error) { return get(s) }
}

// optionSamples has options for each field that check accepts on the types that have it, and what
// libzmq then says.
var optionSamples = map[string]optionSample{
	"SendHWM":           {Options{SendHWM: 7}, read((*zmq.Socket).GetSndhwm), 7},
	"RecvHWM":           {Options{RecvHWM: Unlimited}, read((*zmq.Socket).GetRcvhwm), 0},
	"Linger":            {Options{Linger: 5 * time.Millisecond}, read((*zmq.Socket).GetLinger), 5 * time.Millisecond},
	"Identity":          {Options{Identity: "me"}, read((*zmq.Socket).GetIdentity), "me"},
	"MaxMsgSize":        {Options{MaxMsgSize: 1 << 20}, read((*zmq.Socket).GetMaxmsgsize), int64(1 << 20)},
	"Immediate":         {Options{Immediate: true}, read((*zmq.Socket).GetImmediate), true},
	"Affinity":          {Options{Affinity: 1}, read((*zmq.Socket).GetAffinity), uint64(1)},
	"Backlog":           {Options{Backlog: 9}, read((*zmq.Socket).GetBacklog), 9},
	"SendBuffer":        {Options{SendBuffer: 1 << 16}, read((*zmq.Socket).GetSndbuf), 1 << 16},
	"RecvBuffer":        {Options{RecvBuffer: 1 << 17}, read((*zmq.Socket).GetRcvbuf), 1 << 17},
	"ConnectTimeout":    {Options{ConnectTimeout: time.Second}, read((*zmq.Socket).GetConnectTimeout), time.Second},
	"HandshakeInterval": {Options{HandshakeInterval: NoHandshakeLimit}, read((*zmq.Socket).GetHandshakeIvl), time.Duration(0)},
	"ReconnectInterval": {Options{ReconnectInterval: NoReconnect}, read((*zmq.Socket).GetReconnectIvl), time.Duration(-1)},
	"ReconnectMax":      {Options{ReconnectMax: time.Second}, read((*zmq.Socket).GetReconnectIvlMax), time.Second},
	"HeartbeatInterval": {Options{HeartbeatInterval: time.Second}, nil, nil},
	"HeartbeatTimeout":  {Options{HeartbeatInterval: time.Second, HeartbeatTimeout: time.Second}, nil, nil},
	"HeartbeatTTL":      {Options{HeartbeatInterval: time.Second, HeartbeatTTL: maxHeartbeatTTL}, nil, nil},

	"IPv6":                 {Options{IPv6: true}, read((*zmq.Socket).GetIpv6), true},
	"TOS":                  {Options{TOS: 0x28}, read((*zmq.Socket).GetTos), 0x28},
	"TCPKeepalive":         {Options{TCPKeepalive: Off}, read((*zmq.Socket).GetTcpKeepalive), 0},
	"TCPKeepaliveIdle":     {Options{TCPKeepalive: On, TCPKeepaliveIdle: time.Minute}, read((*zmq.Socket).GetTcpKeepaliveIdle), 60},
	"TCPKeepaliveInterval": {Options{TCPKeepalive: On, TCPKeepaliveInterval: time.Second}, read((*zmq.Socket).GetTcpKeepaliveIntvl), 1},
	"TCPKeepaliveCount":    {Options{TCPKeepalive: On, TCPKeepaliveCount: 5}, read((*zmq.Socket).GetTcpKeepaliveCnt), 5},
	"TCPMaxRT":             {Options{TCPMaxRT: time.Minute}, read((*zmq.Socket).GetTcpMaxrt), time.Minute},
	"SocksProxy":           {Options{SocksProxy: "[::1]:1080"}, read((*zmq.Socket).GetSocksProxy), "[::1]:1080"},

	// TestOptionsPolicy… show the effect of the first three.
	"NoCorrelate":    {Options{NoCorrelate: true}, nil, nil},
	"DropUnroutable": {Options{DropUnroutable: true}, nil, nil},
	"DropSlow":       {Options{DropSlow: true}, nil, nil},
	"RouterHandover": {Options{RouterHandover: true}, nil, nil},
	"ProbeRouter":    {Options{ProbeRouter: true}, nil, nil},
	"Conflate":       {Options{Conflate: true}, nil, nil},
	"InvertMatching": {Options{InvertMatching: true}, read((*zmq.Socket).GetInvertMatching), 1},
	"XPubVerbose":    {Options{XPubVerbose: true}, nil, nil},
	"XPubVerboser":   {Options{XPubVerboser: true}, nil, nil},
	"XPubManual":     {Options{XPubManual: true}, nil, nil},
	"XPubWelcome":    {Options{XPubWelcome: "hi"}, nil, nil},
	"StreamNotify":   {Options{StreamNotify: Off}, nil, nil},

	"CurveServer":    {Options{CurveServer: true, CurveSecretKey: testSecret}, read((*zmq.Socket).GetMechanism), zmq.CURVE},
	"CurvePublicKey": {curveClient, read((*zmq.Socket).GetCurvePublickeykeyZ85), testPublic},
	"CurveSecretKey": {curveClient, read((*zmq.Socket).GetCurveSecretkeyZ85), testSecret},
	"CurveServerKey": {curveClient, read((*zmq.Socket).GetCurveServerkeyZ85), testServer},
	"PlainServer":    {Options{PlainServer: true}, read((*zmq.Socket).GetPlainServer), 1},
	"PlainUsername":  {Options{PlainUsername: "u", PlainPassword: "p"}, read((*zmq.Socket).GetPlainUsername), "u"},
	"PlainPassword":  {Options{PlainUsername: "u", PlainPassword: "p"}, read((*zmq.Socket).GetPlainPassword), "p"},
	"ZAPDomain":      {Options{ZAPDomain: "here"}, read((*zmq.Socket).GetZapDomain), "here"},
	"ZAPOptional":    {Options{ZAPDomain: "here", ZAPOptional: true}, nil, nil},

	"GSSAPIServer":           {Options{GSSAPIServer: true}, read((*zmq.Socket).GetGssapiServer), true},
	"GSSAPIPrincipal":        {Options{GSSAPIServer: true, GSSAPIPrincipal: "u"}, read((*zmq.Socket).GetGssapiPrincipal), "u"},
	"GSSAPIServicePrincipal": {Options{GSSAPIServicePrincipal: "s"}, read((*zmq.Socket).GetGssapiServicePrincipal), "s"},
	"GSSAPIPlaintext":        {Options{GSSAPIServer: true, GSSAPIPlaintext: true}, read((*zmq.Socket).GetGssapiPlaintext), true},

	"MulticastHops":     {Options{MulticastHops: 3}, read((*zmq.Socket).GetMulticastHops), 3},
	"MulticastRate":     {Options{MulticastRate: 1000}, read((*zmq.Socket).GetRate), 1000},
	"MulticastRecovery": {Options{MulticastRecovery: time.Second}, read((*zmq.Socket).GetRecoveryIvl), time.Second},
	"MulticastMaxTPDU":  {Options{MulticastMaxTPDU: 1400}, read((*zmq.Socket).GetMulticastMaxtpdu), 1400},

	"VMCIBufferSize":     {Options{VMCIBufferSize: 1 << 16}, read((*zmq.Socket).GetVmciBufferSize), uint64(1 << 16)},
	"VMCIBufferMinSize":  {Options{VMCIBufferMinSize: 1 << 15}, read((*zmq.Socket).GetVmciBufferMinSize), uint64(1 << 15)},
	"VMCIBufferMaxSize":  {Options{VMCIBufferMaxSize: 1 << 17}, read((*zmq.Socket).GetVmciBufferMaxSize), uint64(1 << 17)},
	"VMCIConnectTimeout": {Options{VMCIConnectTimeout: time.Second}, read((*zmq.Socket).GetVmciConnectTimeout), time.Second},
}

var curveClient = Options{CurvePublicKey: testPublic, CurveSecretKey: testSecret, CurveServerKey: testServer}

func TestOptionsSetAndReadBack(t *testing.T) {
	zctx := testContext(t)
	for _, r := range optionTable {
		sample, ok := optionSamples[r.field]
		if !ok || !r.isSet(&sample.options) {
			t.Errorf("%s has no sample", r.field)
			continue
		}
		for typ := zmq.PAIR; typ <= zmq.STREAM; typ++ {
			if r.types.has(typ) {
				setAndReadBack(t, zctx, r, sample, typ)
			}
		}
	}
}

func setAndReadBack(t *testing.T, zctx *zmq.Context, r option, sample optionSample, typ zmq.Type) {
	s, err := zctx.NewSocket(nativeOf(typ))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if strings.HasPrefix(r.field, "GSSAPI") && !zmq.HasGssapi() || strings.HasPrefix(r.field, "Curve") && !zmq.HasCurve() {
		return // TestOptionsThatLibzmqWasBuiltWithout
	}
	err = sample.options.apply(s, typ, nativeOf(typ))
	if strings.HasPrefix(r.field, "VMCI") && errors.Is(err, syscall.EINVAL) {
		return // libzmq without VMCI
	}
	if err != nil {
		t.Errorf("%s on %s: %v", r.field, typ, err)
		return
	}
	if sample.get == nil {
		return
	}
	if got, err := sample.get(s); got != sample.want || err != nil {
		t.Errorf("%s on %s is %v, %v, want %v", r.field, typ, got, err, sample.want)
	}
}

func TestOptionsLinger(t *testing.T) {
	zctx := testContext(t)
	for set, want := range map[time.Duration]time.Duration{0: time.Second, NoLinger: 0, time.Minute: time.Minute} {
		o := Options{Linger: set}
		s := openTest(t, zctx, zmq.PUSH, o)
		if got, err := s.GetLinger(); got != want || o.linger() != want || err != nil {
			t.Errorf("linger of %v: %v in libzmq, %v here, want %v; %v", set, got, o.linger(), want, err)
		}
	}
}

// pairUp binds a to a name of its own and connects b.
func pairUp(t *testing.T, name string, a, b *zmq.Socket) {
	t.Helper()
	if err := errors.Join(a.Bind("inproc://"+name), b.Connect("inproc://"+name)); err != nil {
		t.Fatal(err)
	}
}

func TestOptionsPolicyUnroutable(t *testing.T) {
	zctx := testContext(t)
	for _, c := range []struct {
		typ  zmq.Type
		o    Options
		want error
	}{
		{zmq.ROUTER, Options{}, zmq.EHOSTUNREACH},
		{zmq.REP, Options{}, zmq.EHOSTUNREACH},
		{zmq.ROUTER, Options{DropUnroutable: true}, nil},
	} {
		s := openTest(t, zctx, c.typ, c.o)
		_, err := s.SendMessageDontwait("nobody", "", "x")
		if !errors.Is(err, c.want) {
			t.Errorf("%s with %v: %v", c.typ, c.o.DropUnroutable, err)
		}
		if err := (&Options{DropUnroutable: true}).set(s); err != nil { // of a running socket
			t.Fatal(err)
		}
		if _, err := s.SendMessageDontwait("nobody", "", "x"); err != nil {
			t.Errorf("%s, later told to drop: %v", c.typ, err)
		}
	}
}

func TestOptionsPolicySlow(t *testing.T) {
	zctx := testContext(t)
	for name, drop := range map[string]bool{"kept": false, "dropped": true} {
		pub := openTest(t, zctx, zmq.PUB, Options{DropSlow: drop, SendHWM: 1})
		sub := openTest(t, zctx, zmq.SUB, Options{RecvHWM: 1})
		pairUp(t, name, pub, sub)
		if err := sub.SetSubscribe(""); err != nil {
			t.Fatal(err)
		}
		if _, err := pub.RecvBytes(0); err != nil { // the subscription
			t.Fatal(err)
		}
		var err error
		for range 10 {
			if _, err = pub.SendBytes([]byte("x"), zmq.DONTWAIT); err != nil {
				break
			}
		}
		if full := zmq.AsErrno(err) == zmq.Errno(syscall.EAGAIN); full == drop {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOptionsPolicyPubCountsSubscribers(t *testing.T) {
	zctx := testContext(t)
	for typ, want := range map[zmq.Type]int{zmq.PUB: 4, zmq.XPUB: 2} {
		pub := openTest(t, zctx, typ, Options{})
		if err := pub.Bind("inproc://" + typ.String()); err != nil {
			t.Fatal(err)
		}
		subs := []*zmq.Socket{openTest(t, zctx, zmq.SUB, Options{}), openTest(t, zctx, zmq.SUB, Options{})}
		for _, sub := range subs {
			if err := errors.Join(sub.SetSubscribe("same"), sub.Connect("inproc://"+typ.String())); err != nil {
				t.Fatal(err)
			}
		}
		got := received(pub)
		for _, sub := range subs {
			if err := sub.SetUnsubscribe("same"); err != nil {
				t.Fatal(err)
			}
		}
		if got += received(pub); got != want {
			t.Errorf("%s told of %d subscriptions and ends of them, want %d", typ, got, want)
		}
	}
}

// received counts what waits on s.
func received(s *zmq.Socket) int {
	for n := 0; ; n++ {
		if _, err := s.RecvBytes(zmq.DONTWAIT); err != nil {
			return n
		}
	}
}

func TestOptionsPolicyCorrelate(t *testing.T) {
	zctx := testContext(t)
	for name, c := range map[string]struct {
		o      Options
		frames int
		second error
	}{
		"with":    {Options{}, 4, nil}, // identity, request id, empty, body
		"without": {Options{NoCorrelate: true}, 3, zmq.EFSM},
	} {
		router := openTest(t, zctx, zmq.ROUTER, Options{})
		req := openTest(t, zctx, zmq.REQ, c.o)
		pairUp(t, name, router, req)
		if _, err := req.Send("x", zmq.DONTWAIT); err != nil {
			t.Fatal(err)
		}
		if m, err := router.RecvMessage(0); len(m) != c.frames || err != nil {
			t.Errorf("%s id: %q, %v", name, m, err)
		}
		if _, err := req.Send("y", zmq.DONTWAIT); !errors.Is(err, c.second) {
			t.Errorf("second request %s id: %v", name, err)
		}
	}
}

// TestOptionsReachTheWire sends one message over a connection with encryption, heartbeats and
// every TCP option at its limit: what passes check must not make libzmq drop connections.
func TestOptionsReachTheWire(t *testing.T) {
	zctx := testContext(t)
	public, secret, err := zmq.NewCurveKeypair()
	if err != nil {
		t.Skip("libzmq without CURVE:", err)
	}
	tcp := Options{TCPKeepalive: On, TCPKeepaliveIdle: maxKeepalive, TCPKeepaliveInterval: maxKeepalive, TCPKeepaliveCount: 127,
		TCPMaxRT: maxDuration, TOS: 255, SendBuffer: maxInt32, RecvBuffer: maxInt32, HeartbeatInterval: maxDuration,
		HeartbeatTTL: maxHeartbeatTTL, HeartbeatTimeout: maxDuration, ReconnectInterval: maxDuration, SendHWM: Unlimited, RecvHWM: maxHWM}
	pull := openTest(t, zctx, zmq.PULL, tcp.merge(Options{CurveServer: true, CurveSecretKey: Secret(secret)}))
	push := openTest(t, zctx, zmq.PUSH, tcp.merge(Options{CurvePublicKey: testPublic, CurveSecretKey: testSecret, CurveServerKey: public}))
	if err := errors.Join(pull.SetRcvtimeo(10*time.Second), pull.Bind("tcp://127.0.0.1:*")); err != nil {
		t.Fatal(err)
	}
	at, err := pull.GetLastEndpoint()
	if err := errors.Join(err, push.Connect(at)); err != nil {
		t.Fatal(err)
	}
	if _, err := push.Send("hello", 0); err != nil {
		t.Fatal(err)
	}
	if got, err := pull.Recv(0); got != "hello" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
