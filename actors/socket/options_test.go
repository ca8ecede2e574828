package socket

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/messages"
)

// RFC 32's test vector is not a key pair; these are what zmq_curve_keypair(3) prints.
const (
	testPublic = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
	testSecret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
	testServer = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
)

// nativeOf is the type of the native socket under one of type t.
func nativeOf(t zmq.Type) zmq.Type {
	switch t {
	case zmq.REP:
		return zmq.ROUTER
	case zmq.PUB:
		return zmq.XPUB
	}
	return t
}

func testContext(t testing.TB) *zmq.Context {
	t.Helper()
	zctx, err := zmq.NewContext()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := zctx.Term(); err != nil {
			t.Error(err)
		}
	})
	return zctx
}

// openTest opens a native socket of logical type with o.
func openTest(t testing.TB, zctx *zmq.Context, logical zmq.Type, o Options) *zmq.Socket {
	t.Helper()
	s, err := zctx.NewSocket(nativeOf(logical))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := o.check(logical); err != nil {
		t.Fatal(err)
	}
	if err := o.apply(s, logical, nativeOf(logical)); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOptionsEveryFieldHasOneRow(t *testing.T) {
	rows := map[string]int{}
	for _, r := range optionTable {
		rows[r.field]++
	}
	var o Options
	v := reflect.ValueOf(&o).Elem()
	for f := range v.NumField() {
		name := v.Type().Field(f).Name
		if rows[name] != 1 {
			t.Errorf("%s has %d rows in optionTable", name, rows[name])
		}
		delete(rows, name)
		v.SetZero()
		switch field := v.Field(f); field.Kind() {
		case reflect.Bool:
			field.SetBool(true)
		case reflect.String:
			field.SetString("x")
		case reflect.Uint64:
			field.SetUint(1)
		default:
			field.SetInt(1)
		}
		for _, r := range optionTable {
			if r.isSet(&o) != (r.field == name) {
				t.Errorf("with %s set, row %s says %v", name, r.field, r.isSet(&o))
			}
		}
	}
	if len(rows) > 0 {
		t.Errorf("rows without a field: %v", rows)
	}
}

// with has the check believe for one test that libzmq was built with these, or without.
func with(t *testing.T, curve, gssapi bool) {
	was := builtWith
	t.Cleanup(func() { builtWith = was })
	builtWith.curve, builtWith.gssapi = func() bool { return curve }, func() bool { return gssapi }
}

func TestOptionsOfOtherTypesAreRefused(t *testing.T) {
	with(t, true, true)
	for _, r := range optionTable {
		o := optionSamples[r.field].options
		for typ := zmq.PAIR; typ <= zmq.STREAM; typ++ {
			err := o.check(typ)
			if r.types.has(typ) {
				if err != nil {
					t.Errorf("%s on %s: %v", r.field, typ, err)
				}
				continue
			}
			var wrong *ConfigError
			if !errors.As(err, &wrong) || !strings.HasPrefix(wrong.Field, "Options.") || !errors.Is(err, messages.ErrConfig) {
				t.Errorf("%s on %s: %v", r.field, typ, err)
			}
		}
	}
	if err := (&Options{SendHWM: 1}).check(-1); err == nil {
		t.Error("a type that there is not has SendHWM")
	}
}

func TestOptionsThatLibzmqWasBuiltWithout(t *testing.T) {
	with(t, false, false)
	for _, r := range optionTable {
		curve, gssapi := strings.HasPrefix(r.field, "Curve"), strings.HasPrefix(r.field, "GSSAPI")
		if !curve && !gssapi {
			continue
		}
		o, sample := Options{}, optionSamples[r.field].options
		r.copy(&o, &sample) // nothing else is to blame
		want := "socket config: Options." + r.field + " = " + fmt.Sprintf("%#v", r.value(&o)) + ": this libzmq was built without "
		if err := o.check(zmq.PUSH); err == nil || !strings.HasPrefix(err.Error(), want) || strings.HasSuffix(err.Error(), "CURVE") != curve {
			t.Errorf("%s: %v, want %s…", r.field, err, want)
		}
	}
}

func TestOptionsWrongValues(t *testing.T) {
	with(t, true, true)
	long := strings.Repeat("x", 256)
	for _, c := range []struct {
		field string
		typ   zmq.Type
		o     Options
	}{
		{"SendHWM", zmq.PUSH, Options{SendHWM: -1}},
		{"RecvHWM", zmq.PULL, Options{RecvHWM: 1 << 30}},
		{"Linger", zmq.PUSH, Options{Linger: -1}},
		{"Linger", zmq.PUSH, Options{Linger: time.Microsecond}},
		{"Linger", zmq.PUSH, Options{Linger: math.MaxInt64}},
		{"Identity", zmq.DEALER, Options{Identity: long}},
		{"Identity", zmq.DEALER, Options{Identity: "\x00a"}},
		{"MaxMsgSize", zmq.PULL, Options{MaxMsgSize: -1}},
		{"MaxMsgSize", zmq.PULL, Options{MaxMsgSize: 1 << 31}},
		{"Backlog", zmq.PULL, Options{Backlog: -1}},
		{"SendBuffer", zmq.PUSH, Options{SendBuffer: -1}},
		{"RecvBuffer", zmq.PULL, Options{RecvBuffer: 1 << 31}},
		{"ConnectTimeout", zmq.PUSH, Options{ConnectTimeout: 999 * time.Microsecond}},
		{"HandshakeInterval", zmq.PUSH, Options{HandshakeInterval: -1}},
		{"ReconnectInterval", zmq.PUSH, Options{ReconnectInterval: -time.Millisecond}},
		{"ReconnectInterval", zmq.PUSH, Options{ReconnectInterval: 25 * 24 * time.Hour}},
		{"ReconnectMax", zmq.PUSH, Options{ReconnectMax: 99 * time.Millisecond}},
		{"ReconnectMax", zmq.PUSH, Options{ReconnectMax: time.Second, ReconnectInterval: 2 * time.Second}},
		{"ReconnectMax", zmq.PUSH, Options{ReconnectMax: time.Second, ReconnectInterval: NoReconnect}},
		{"HeartbeatInterval", zmq.PUSH, Options{HeartbeatInterval: -1}},
		{"HeartbeatTimeout", zmq.PUSH, Options{HeartbeatTimeout: time.Second}},
		{"HeartbeatTTL", zmq.PUSH, Options{HeartbeatTTL: time.Second}},
		{"HeartbeatTTL", zmq.PUSH, Options{HeartbeatInterval: time.Second, HeartbeatTTL: 99 * time.Millisecond}},
		{"HeartbeatTTL", zmq.PUSH, Options{HeartbeatInterval: time.Second, HeartbeatTTL: 2 * time.Hour}},
		{"TOS", zmq.PUSH, Options{TOS: 256}},
		{"TCPKeepalive", zmq.PUSH, Options{TCPKeepalive: 3}},
		{"TCPKeepaliveIdle", zmq.PUSH, Options{TCPKeepaliveIdle: time.Minute}},
		{"TCPKeepaliveIdle", zmq.PUSH, Options{TCPKeepalive: On, TCPKeepaliveIdle: time.Millisecond}},
		{"TCPKeepaliveInterval", zmq.PUSH, Options{TCPKeepalive: Off, TCPKeepaliveInterval: time.Minute}},
		{"TCPKeepaliveInterval", zmq.PUSH, Options{TCPKeepalive: On, TCPKeepaliveInterval: 10 * time.Hour}},
		{"TCPKeepaliveCount", zmq.PUSH, Options{TCPKeepaliveCount: 3}},
		{"TCPKeepaliveCount", zmq.PUSH, Options{TCPKeepalive: On, TCPKeepaliveCount: 128}},
		{"SocksProxy", zmq.PUSH, Options{SocksProxy: "proxy"}},
		{"SocksProxy", zmq.PUSH, Options{SocksProxy: "*:1080"}},
		{"SocksProxy", zmq.PUSH, Options{SocksProxy: "proxy:1080\x00"}},
		{"Conflate", zmq.PULL, Options{Conflate: true, RecvHWM: 10}},
		{"StreamNotify", zmq.STREAM, Options{StreamNotify: -1}},
		{"CurveSecretKey", zmq.PUSH, Options{CurveServer: true, CurveSecretKey: Secret(testSecret[:39])}},
		{"CurveSecretKey", zmq.PUSH, Options{CurveServer: true, CurveSecretKey: Secret("'" + testSecret[1:])}},
		{"CurvePublicKey", zmq.PUSH, Options{CurvePublicKey: z85Overflow}},
		{"CurvePublicKey", zmq.PUSH, Options{CurvePublicKey: strings.Repeat("é", 20)}},
		{"CurvePublicKey", zmq.PUSH, Options{CurvePublicKey: testServer, CurveSecretKey: testSecret, CurveServer: true}},
		{"CurveServer", zmq.PUSH, Options{CurveServer: true}},
		{"CurveServer", zmq.PUSH, Options{CurveServer: true, CurveSecretKey: testSecret, CurveServerKey: testServer}},
		{"CurveServerKey", zmq.PUSH, Options{CurveServerKey: testServer}},
		{"CurveServerKey", zmq.PUSH, Options{CurvePublicKey: testPublic, CurveSecretKey: testSecret}},
		{"PlainServer", zmq.PUSH, Options{PlainServer: true, CurveServer: true, CurveSecretKey: testSecret}},
		{"PlainServer", zmq.PUSH, Options{PlainServer: true, PlainUsername: "u", PlainPassword: "p"}},
		{"PlainUsername", zmq.PUSH, Options{PlainUsername: "u"}},
		{"PlainUsername", zmq.PUSH, Options{PlainUsername: long, PlainPassword: "p"}},
		{"PlainUsername", zmq.PUSH, Options{PlainUsername: "u", PlainPassword: "p", GSSAPIServer: true}},
		{"PlainPassword", zmq.PUSH, Options{PlainPassword: "p"}},
		{"PlainPassword", zmq.PUSH, Options{PlainUsername: "u", PlainPassword: "p\x00"}},
		{"ZAPDomain", zmq.PULL, Options{ZAPDomain: long}},
		{"CurveServer", zmq.PUSH, Options{GSSAPIServer: true, CurveServer: true, CurveSecretKey: testSecret}},
		{"GSSAPIServer", zmq.PUSH, Options{GSSAPIServer: true, GSSAPIServicePrincipal: "s"}},
		{"GSSAPIServer", zmq.PUSH, Options{GSSAPIPrincipal: "s"}},
		{"GSSAPIPlaintext", zmq.PUSH, Options{GSSAPIPlaintext: true}},
		{"MulticastHops", zmq.PUB, Options{MulticastHops: 256}},
		{"MulticastRate", zmq.PUB, Options{MulticastRate: -1}},
		{"VMCIBufferMinSize", zmq.PUB, Options{VMCIBufferMinSize: 2, VMCIBufferMaxSize: 1}},
	} {
		var wrong *ConfigError
		if err := c.o.check(c.typ); !errors.As(err, &wrong) || wrong.Field != "Options."+c.field {
			t.Errorf("%+v on %s: %v, want Options.%s", c.o, c.typ, err, c.field)
		}
	}
}

// z85Overflow has five characters that are more than 32 bits.
const z85Overflow = "#####00000000000000000000000000000000000"

func TestOptionsDefaults(t *testing.T) {
	zctx := testContext(t)
	for typ := zmq.PAIR; typ <= zmq.STREAM; typ++ {
		s := openTest(t, zctx, typ, Options{})
		linger, _ := s.GetLinger()
		size, _ := s.GetMaxmsgsize()
		backlog, _ := s.GetBacklog()
		send, _ := s.GetSndhwm()
		recv, _ := s.GetRcvhwm()
		if linger != time.Second || size != messages.MaxFrame || backlog != 8192 || send != 1000 || recv != 1000 {
			t.Errorf("%s: linger %v, size %d, backlog %d, high-water marks %d and %d", typ, linger, size, backlog, send, recv)
		}
	}
}

func TestOptionsMerge(t *testing.T) {
	o := Options{SendHWM: 1, RecvHWM: 2, Identity: "a", IPv6: true}
	got := o.merge(Options{RecvHWM: 3, Linger: NoLinger, DropSlow: true})
	want := Options{SendHWM: 1, RecvHWM: 3, Identity: "a", IPv6: true, Linger: NoLinger, DropSlow: true}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if o.RecvHWM != 2 {
		t.Error("merge changed its receiver")
	}
}

func TestOptionsLive(t *testing.T) {
	var wrong *ConfigError
	for _, o := range []Options{{NoCorrelate: true}, {XPubManual: true}} {
		if err := o.live(); !errors.As(err, &wrong) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	o := Options{Linger: NoLinger, DropSlow: true, SendHWM: 1}
	if err := o.live(); err != nil {
		t.Error(err)
	}
	s := openTest(t, testContext(t), zmq.PUB, Options{})
	if err := o.set(s); err != nil {
		t.Error(err)
	}
	backlog, err := s.GetBacklog()
	if linger, e := s.GetLinger(); linger != 0 || backlog != 8192 || errors.Join(err, e) != nil {
		t.Errorf("linger %v, backlog %d, %v, %v", linger, backlog, err, e)
	}
}

func TestOptionsErrorsNameTheOption(t *testing.T) {
	s := openTest(t, testContext(t), zmq.PUSH, Options{})
	err := (&Options{SendHWM: -5}).apply(s, zmq.PUSH, zmq.PUSH)
	var errno syscall.Errno
	if !errors.As(err, &errno) || !errors.Is(err, syscall.EINVAL) || err.Error() != "set ZMQ_SNDHWM: invalid argument" {
		t.Errorf("%v", err)
	}
	err = failed("ZMQ_HEARTBEAT_IVL", zmq.ErrorNotImplemented42)
	if !errors.Is(err, zmq.ErrorNotImplemented42) || !strings.HasPrefix(err.Error(), "set ZMQ_HEARTBEAT_IVL: needs libzmq 4.2, this is ") {
		t.Errorf("%v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := new(Options).apply(s, zmq.PUSH, zmq.PUSH); !errors.Is(err, zmq.ErrorSocketClosed) {
		t.Errorf("%v", err)
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	o := Options{PlainUsername: "u", PlainPassword: "hunter2", CurveSecretKey: "hunter2"}
	var out bytes.Buffer
	for _, v := range []any{o, &o, o.PlainPassword, []Secret{"hunter2"}, o.check(zmq.PUSH)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10.3s"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "options", o, "secret", o.PlainPassword)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "options", o, "secret", o.PlainPassword)
	if err := json.NewEncoder(&out).Encode(o); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "68756e74657232", "hun"} {
		if strings.Contains(strings.ToLower(out.String()), secret) {
			t.Errorf("%q in\n%s", secret, &out)
		}
	}
	if !strings.Contains(out.String(), redacted) || fmt.Sprint(Secret("")) != "" {
		t.Error("a secret is [secret], none is nothing")
	}
}
