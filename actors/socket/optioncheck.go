package socket

import (
	"bytes"
	"crypto/ecdh"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// check says whether a socket of type t can have the options o: nil or a *ConfigError.
func (o *Options) check(t zmq.Type) error {
	for _, r := range optionTable {
		if !r.isSet(o) {
			continue
		}
		if !r.types.has(t) {
			return r.wrong(o, r.name+" is not an option of "+t.String()+", only of "+r.types.String())
		}
		if reason := r.refuse(o); reason != "" {
			return r.wrong(o, reason)
		}
	}
	for _, rule := range optionRules {
		if !rule.broken(o) {
			continue
		}
		for _, r := range optionTable {
			if r.field == rule.field {
				return r.wrong(o, rule.reason)
			}
		}
	}
	return nil
}

// live says whether o can be set on a running socket: nil or a *ConfigError.
func (o *Options) live() error {
	for _, r := range optionTable {
		if r.atOpen != "" && r.isSet(o) {
			return r.wrong(o, "only before the socket opens: "+r.atOpen)
		}
	}
	return nil
}

// optionRules is what must hold between options that are good each for itself. A combination of
// which ZeroMQ would silently ignore a part is broken too.
var optionRules = []struct {
	field  string
	broken func(*Options) bool
	reason string
}{
	{"ReconnectMax", func(o *Options) bool { return o.ReconnectMax != 0 && o.ReconnectInterval == NoReconnect },
		"there is nothing to grow with NoReconnect"},
	{"ReconnectMax", func(o *Options) bool { return o.ReconnectMax != 0 && o.ReconnectMax < o.reconnectInterval() },
		"less than ReconnectInterval, ZeroMQ would ignore it"},
	{"HeartbeatTimeout", func(o *Options) bool { return o.HeartbeatTimeout != 0 && o.HeartbeatInterval == 0 },
		"without HeartbeatInterval no heartbeat is sent"},
	{"HeartbeatTTL", func(o *Options) bool { return o.HeartbeatTTL != 0 && o.HeartbeatInterval == 0 },
		"without HeartbeatInterval no heartbeat is sent"},
	{"TCPKeepaliveIdle", func(o *Options) bool { return o.TCPKeepaliveIdle != 0 && o.TCPKeepalive != On },
		"without TCPKeepalive On nothing is probed"},
	{"TCPKeepaliveInterval", func(o *Options) bool { return o.TCPKeepaliveInterval != 0 && o.TCPKeepalive != On },
		"without TCPKeepalive On nothing is probed"},
	{"TCPKeepaliveCount", func(o *Options) bool { return o.TCPKeepaliveCount != 0 && o.TCPKeepalive != On },
		"without TCPKeepalive On nothing is probed"},
	{"Conflate", func(o *Options) bool { return o.Conflate && (o.SendHWM != 0 || o.RecvHWM != 0) },
		"keeps one message: no SendHWM or RecvHWM beside it"},

	{"PlainServer", func(o *Options) bool { return o.PlainServer && (o.hasCurve() || o.hasGSSAPI()) }, oneMechanism},
	{"PlainUsername", func(o *Options) bool { return o.PlainUsername != "" && (o.hasCurve() || o.hasGSSAPI()) }, oneMechanism},
	{"PlainPassword", func(o *Options) bool { return o.PlainPassword != "" && (o.hasCurve() || o.hasGSSAPI()) }, oneMechanism},
	{"CurveServer", func(o *Options) bool { return o.hasCurve() && o.hasGSSAPI() }, oneMechanism},

	{"CurveServer", func(o *Options) bool { return o.CurveServer && !builtWith.curve() }, noCurve},
	{"CurvePublicKey", func(o *Options) bool { return o.CurvePublicKey != "" && !builtWith.curve() }, noCurve},
	{"CurveSecretKey", func(o *Options) bool { return o.CurveSecretKey != "" && !builtWith.curve() }, noCurve},
	{"CurveServerKey", func(o *Options) bool { return o.CurveServerKey != "" && !builtWith.curve() }, noCurve},
	{"CurveServer", func(o *Options) bool { return o.CurveServer && o.CurveSecretKey == "" }, "needs CurveSecretKey"},
	{"CurveServer", func(o *Options) bool { return o.CurveServer && o.CurveServerKey != "" },
		"CurveServerKey is for clients, and would make this one"},
	{"CurveServerKey", func(o *Options) bool {
		return o.CurveServerKey != "" && (o.CurvePublicKey == "" || o.CurveSecretKey == "")
	}, "a client needs CurvePublicKey and CurveSecretKey of its own"},
	{"CurveServerKey", func(o *Options) bool { return o.hasCurve() && !o.CurveServer && o.CurveServerKey == "" },
		"with keys of its own the socket is a CurveServer or has a CurveServerKey"},
	{"CurvePublicKey", func(o *Options) bool {
		return o.CurvePublicKey != "" && o.CurveSecretKey != "" && !curvePair(o.CurvePublicKey, o.CurveSecretKey)
	}, "does not belong to CurveSecretKey"},

	{"PlainServer", func(o *Options) bool { return o.PlainServer && (o.PlainUsername != "" || o.PlainPassword != "") },
		"PlainUsername and PlainPassword are for clients, and would make this one"},
	{"PlainUsername", func(o *Options) bool { return o.PlainUsername != "" && o.PlainPassword == "" }, "needs PlainPassword"},
	{"PlainPassword", func(o *Options) bool { return o.PlainPassword != "" && o.PlainUsername == "" }, "needs PlainUsername"},

	{"GSSAPIServer", func(o *Options) bool { return o.GSSAPIServer && !builtWith.gssapi() }, noGSSAPI},
	{"GSSAPIPrincipal", func(o *Options) bool { return o.GSSAPIPrincipal != "" && !builtWith.gssapi() }, noGSSAPI},
	{"GSSAPIServicePrincipal", func(o *Options) bool { return o.GSSAPIServicePrincipal != "" && !builtWith.gssapi() }, noGSSAPI},
	{"GSSAPIPlaintext", func(o *Options) bool { return o.GSSAPIPlaintext && !builtWith.gssapi() }, noGSSAPI},
	{"GSSAPIServer", func(o *Options) bool { return o.GSSAPIServer && o.GSSAPIServicePrincipal != "" },
		"GSSAPIServicePrincipal is for clients, and would make this one"},
	{"GSSAPIServer", func(o *Options) bool {
		return o.GSSAPIPrincipal != "" && !o.GSSAPIServer && o.GSSAPIServicePrincipal == ""
	}, "with a principal the socket is a GSSAPIServer or has a GSSAPIServicePrincipal"},
	{"GSSAPIPlaintext", func(o *Options) bool { return o.GSSAPIPlaintext && !o.hasGSSAPI() },
		"without another GSSAPI option there is no GSSAPI"},

	{"ZAPOptional", func(o *Options) bool { return o.ZAPOptional && o.ZAPDomain == "" }, "without ZAPDomain nothing is enforced"},

	{"VMCIBufferMinSize", func(o *Options) bool {
		return o.VMCIBufferMaxSize != 0 && o.VMCIBufferMinSize > o.VMCIBufferMaxSize
	}, "more than VMCIBufferMaxSize"},
}

// setZAPDomain also makes libzmq refuse everybody while nobody answers for the domain. Never without a
// domain: the first peer of a PLAIN server would end the process (libzmq 4.3.4, plain_server.cpp:52).
func setZAPDomain(s *zmq.Socket, domain string) error {
	if err := s.SetZapDomain(domain); err != nil {
		return err
	}
	return zmqthread.SetInt(s, enforceDomain, 1)
}

func setZAPOptional(s *zmq.Socket, _ bool) error { return zmqthread.SetInt(s, enforceDomain, 0) }

const enforceDomain = 93 // ZMQ_ZAP_ENFORCE_DOMAIN, zmq.h

// builtWith says what the libzmq that runs was built with, see zmq_has(3). Only tests change it.
var builtWith = struct{ curve, gssapi func() bool }{zmq.HasCurve, zmq.HasGssapi}

const (
	noCurve  = "this libzmq was built without CURVE"
	noGSSAPI = "this libzmq was built without GSSAPI"
)

const oneMechanism = "a socket has one of CURVE, PLAIN and GSSAPI"

func (o *Options) hasCurve() bool {
	return o.CurveServer || o.CurvePublicKey != "" || o.CurveSecretKey != "" || o.CurveServerKey != ""
}

func (o *Options) hasGSSAPI() bool {
	return o.GSSAPIServer || o.GSSAPIPrincipal != "" || o.GSSAPIServicePrincipal != ""
}

// reconnectInterval is ReconnectInterval with ZeroMQ's default.
func (o *Options) reconnectInterval() time.Duration {
	if o.ReconnectInterval == 0 {
		return 100 * time.Millisecond
	}
	return o.ReconnectInterval
}

// curvePair says whether public is the key to secret. Both have passed checkZ85Key.
func curvePair(public string, secret Secret) bool {
	key, err := ecdh.X25519().NewPrivateKey(decodeZ85(string(secret)))
	return err == nil && bytes.Equal(key.PublicKey().Bytes(), decodeZ85(public))
}
