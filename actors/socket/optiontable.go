package socket

import (
	"time"

	zmq "github.com/pebbe/zmq4"
)

// Which types have an option.
var (
	everyType      = typesOf(zmq.REQ, zmq.REP, zmq.DEALER, zmq.ROUTER, zmq.PUB, zmq.SUB, zmq.XPUB, zmq.XSUB, zmq.PUSH, zmq.PULL, zmq.PAIR, zmq.STREAM)
	zmtpTypes      = everyType &^ typesOf(zmq.STREAM) // those that speak ZMTP
	identityTypes  = typesOf(zmq.REQ, zmq.REP, zmq.DEALER, zmq.ROUTER)
	routerTypes    = typesOf(zmq.ROUTER, zmq.REP)
	probeTypes     = typesOf(zmq.REQ, zmq.DEALER, zmq.ROUTER)
	conflateTypes  = typesOf(zmq.DEALER, zmq.PUSH, zmq.PULL, zmq.PUB, zmq.SUB)
	publishTypes   = typesOf(zmq.PUB, zmq.XPUB)
	matchTypes     = typesOf(zmq.PUB, zmq.XPUB, zmq.SUB)
	multicastTypes = typesOf(zmq.PUB, zmq.SUB, zmq.XPUB, zmq.XSUB)
)

// otherDomain: libzmq keeps for every bind the domain that it was made with, and tells only of the last.
const otherDomain = "what is bound already would keep what it has"

// optionTable has one row for each field of Options, in the order in which they are set:
// XPUB_VERBOSER behind XPUB_VERBOSE, which switches it off, ZAPOptional behind ZAPDomain. NoCorrelate has no
// setter: it only keeps Options.applyPolicy from setting something.
var optionTable = []option{
	row("SendHWM", "ZMQ_SNDHWM", everyType, func(o *Options) *int { return &o.SendHWM }, checkHWM, setHWM((*zmq.Socket).SetSndhwm)),
	row("RecvHWM", "ZMQ_RCVHWM", everyType, func(o *Options) *int { return &o.RecvHWM }, checkHWM, setHWM((*zmq.Socket).SetRcvhwm)),
	row("Linger", "ZMQ_LINGER", everyType, func(o *Options) *time.Duration { return &o.Linger }, checkLinger, setZero(NoLinger, (*zmq.Socket).SetLinger)),
	row("Identity", "ZMQ_ROUTING_ID", identityTypes, func(o *Options) *string { return &o.Identity }, checkIdentity, (*zmq.Socket).SetIdentity),
	row("MaxMsgSize", "ZMQ_MAXMSGSIZE", zmtpTypes, func(o *Options) *int64 { return &o.MaxMsgSize }, checkMaxMsgSize, (*zmq.Socket).SetMaxmsgsize),
	row("Immediate", "ZMQ_IMMEDIATE", everyType, func(o *Options) *bool { return &o.Immediate }, anyValue, (*zmq.Socket).SetImmediate),
	row("Affinity", "ZMQ_AFFINITY", everyType, func(o *Options) *uint64 { return &o.Affinity }, anyValue, (*zmq.Socket).SetAffinity),

	row("Backlog", "ZMQ_BACKLOG", everyType, func(o *Options) *int { return &o.Backlog }, intUpTo(maxInt32), (*zmq.Socket).SetBacklog),
	row("SendBuffer", "ZMQ_SNDBUF", everyType, func(o *Options) *int { return &o.SendBuffer }, intUpTo(maxInt32), (*zmq.Socket).SetSndbuf),
	row("RecvBuffer", "ZMQ_RCVBUF", everyType, func(o *Options) *int { return &o.RecvBuffer }, intUpTo(maxInt32), (*zmq.Socket).SetRcvbuf),
	row("ConnectTimeout", "ZMQ_CONNECT_TIMEOUT", everyType, func(o *Options) *time.Duration { return &o.ConnectTimeout }, checkDuration, (*zmq.Socket).SetConnectTimeout),
	row("HandshakeInterval", "ZMQ_HANDSHAKE_IVL", zmtpTypes, func(o *Options) *time.Duration { return &o.HandshakeInterval },
		durationOr(NoHandshakeLimit, "NoHandshakeLimit"), setZero(NoHandshakeLimit, (*zmq.Socket).SetHandshakeIvl)),
	row("ReconnectInterval", "ZMQ_RECONNECT_IVL", everyType, func(o *Options) *time.Duration { return &o.ReconnectInterval },
		durationOr(NoReconnect, "NoReconnect"), setReconnect),
	row("ReconnectMax", "ZMQ_RECONNECT_IVL_MAX", everyType, func(o *Options) *time.Duration { return &o.ReconnectMax }, checkDuration, (*zmq.Socket).SetReconnectIvlMax),
	row("HeartbeatInterval", "ZMQ_HEARTBEAT_IVL", zmtpTypes, func(o *Options) *time.Duration { return &o.HeartbeatInterval }, checkDuration, (*zmq.Socket).SetHeartbeatIvl),
	row("HeartbeatTimeout", "ZMQ_HEARTBEAT_TIMEOUT", zmtpTypes, func(o *Options) *time.Duration { return &o.HeartbeatTimeout }, checkDuration, (*zmq.Socket).SetHeartbeatTimeout),
	row("HeartbeatTTL", "ZMQ_HEARTBEAT_TTL", zmtpTypes, func(o *Options) *time.Duration { return &o.HeartbeatTTL },
		durationWithin(100*time.Millisecond, maxHeartbeatTTL), (*zmq.Socket).SetHeartbeatTtl),

	row("IPv6", "ZMQ_IPV6", everyType, func(o *Options) *bool { return &o.IPv6 }, anyValue, (*zmq.Socket).SetIpv6),
	row("TOS", "ZMQ_TOS", everyType, func(o *Options) *int { return &o.TOS }, intUpTo(255), (*zmq.Socket).SetTos),
	row("TCPKeepalive", "ZMQ_TCP_KEEPALIVE", everyType, func(o *Options) *Switch { return &o.TCPKeepalive }, checkSwitch, setSwitch((*zmq.Socket).SetTcpKeepalive)),
	row("TCPKeepaliveIdle", "ZMQ_TCP_KEEPALIVE_IDLE", everyType, func(o *Options) *time.Duration { return &o.TCPKeepaliveIdle },
		durationWithin(time.Second, maxKeepalive), setSeconds((*zmq.Socket).SetTcpKeepaliveIdle)),
	row("TCPKeepaliveInterval", "ZMQ_TCP_KEEPALIVE_INTVL", everyType, func(o *Options) *time.Duration { return &o.TCPKeepaliveInterval },
		durationWithin(time.Second, maxKeepalive), setSeconds((*zmq.Socket).SetTcpKeepaliveIntvl)),
	row("TCPKeepaliveCount", "ZMQ_TCP_KEEPALIVE_CNT", everyType, func(o *Options) *int { return &o.TCPKeepaliveCount }, intUpTo(127), (*zmq.Socket).SetTcpKeepaliveCnt),
	row("TCPMaxRT", "ZMQ_TCP_MAXRT", everyType, func(o *Options) *time.Duration { return &o.TCPMaxRT }, checkDuration, (*zmq.Socket).SetTcpMaxrt),
	row("SocksProxy", "ZMQ_SOCKS_PROXY", everyType, func(o *Options) *string { return &o.SocksProxy }, checkSocksProxy, (*zmq.Socket).SetSocksProxy),

	row("NoCorrelate", "ZMQ_REQ_CORRELATE", typesOf(zmq.REQ), func(o *Options) *bool { return &o.NoCorrelate }, anyValue, nil).
		onlyAtOpen("a reply that is on its way would be taken apart wrongly"),
	row("DropUnroutable", "ZMQ_ROUTER_MANDATORY", typesOf(zmq.ROUTER), func(o *Options) *bool { return &o.DropUnroutable }, anyValue, setOff((*zmq.Socket).SetRouterMandatory)),
	row("DropSlow", "ZMQ_XPUB_NODROP", publishTypes, func(o *Options) *bool { return &o.DropSlow }, anyValue, setNot((*zmq.Socket).SetXpubNodrop)),

	row("RouterHandover", "ZMQ_ROUTER_HANDOVER", routerTypes, func(o *Options) *bool { return &o.RouterHandover }, anyValue, (*zmq.Socket).SetRouterHandover),
	row("ProbeRouter", "ZMQ_PROBE_ROUTER", probeTypes, func(o *Options) *bool { return &o.ProbeRouter }, anyValue, setOne((*zmq.Socket).SetProbeRouter)),
	row("Conflate", "ZMQ_CONFLATE", conflateTypes, func(o *Options) *bool { return &o.Conflate }, anyValue, (*zmq.Socket).SetConflate),
	row("InvertMatching", "ZMQ_INVERT_MATCHING", matchTypes, func(o *Options) *bool { return &o.InvertMatching }, anyValue, setOne((*zmq.Socket).SetInvertMatching)),
	row("XPubVerbose", "ZMQ_XPUB_VERBOSE", typesOf(zmq.XPUB), func(o *Options) *bool { return &o.XPubVerbose }, anyValue, setOne((*zmq.Socket).SetXpubVerbose)),
	row("XPubVerboser", "ZMQ_XPUB_VERBOSER", typesOf(zmq.XPUB), func(o *Options) *bool { return &o.XPubVerboser }, anyValue, setOne((*zmq.Socket).SetXpubVerboser)),
	row("XPubManual", "ZMQ_XPUB_MANUAL", typesOf(zmq.XPUB), func(o *Options) *bool { return &o.XPubManual }, anyValue, setOne((*zmq.Socket).SetXpubManual)).
		onlyAtOpen("subscriptions from before would end without a word"),
	row("XPubWelcome", "ZMQ_XPUB_WELCOME_MSG", typesOf(zmq.XPUB), func(o *Options) *string { return &o.XPubWelcome }, anyValue, (*zmq.Socket).SetXpubWelcomeMsg),
	row("StreamNotify", "ZMQ_STREAM_NOTIFY", typesOf(zmq.STREAM), func(o *Options) *Switch { return &o.StreamNotify }, checkSwitch, setSwitch((*zmq.Socket).SetStreamNotify)),

	row("CurveServer", "ZMQ_CURVE_SERVER", zmtpTypes, func(o *Options) *bool { return &o.CurveServer }, anyValue, setOne((*zmq.Socket).SetCurveServer)),
	row("CurvePublicKey", "ZMQ_CURVE_PUBLICKEY", zmtpTypes, func(o *Options) *string { return &o.CurvePublicKey }, checkZ85Key, (*zmq.Socket).SetCurvePublickey),
	row("CurveSecretKey", "ZMQ_CURVE_SECRETKEY", zmtpTypes, func(o *Options) *Secret { return &o.CurveSecretKey }, ofSecret(checkZ85Key), setSecret((*zmq.Socket).SetCurveSecretkey)),
	row("CurveServerKey", "ZMQ_CURVE_SERVERKEY", zmtpTypes, func(o *Options) *string { return &o.CurveServerKey }, checkZ85Key, (*zmq.Socket).SetCurveServerkey),
	row("PlainServer", "ZMQ_PLAIN_SERVER", zmtpTypes, func(o *Options) *bool { return &o.PlainServer }, anyValue, setOne((*zmq.Socket).SetPlainServer)),
	row("PlainUsername", "ZMQ_PLAIN_USERNAME", zmtpTypes, func(o *Options) *string { return &o.PlainUsername }, checkText, (*zmq.Socket).SetPlainUsername),
	row("PlainPassword", "ZMQ_PLAIN_PASSWORD", zmtpTypes, func(o *Options) *Secret { return &o.PlainPassword }, ofSecret(checkText), setSecret((*zmq.Socket).SetPlainPassword)),
	row("ZAPDomain", "ZMQ_ZAP_DOMAIN", zmtpTypes, func(o *Options) *string { return &o.ZAPDomain }, checkText, setZAPDomain).
		onlyAtOpen(otherDomain),
	row("ZAPOptional", "ZMQ_ZAP_ENFORCE_DOMAIN", zmtpTypes, func(o *Options) *bool { return &o.ZAPOptional }, anyValue, setZAPOptional).
		onlyAtOpen(otherDomain),
	row("GSSAPIServer", "ZMQ_GSSAPI_SERVER", zmtpTypes, func(o *Options) *bool { return &o.GSSAPIServer }, anyValue, (*zmq.Socket).SetGssapiServer),
	row("GSSAPIPrincipal", "ZMQ_GSSAPI_PRINCIPAL", zmtpTypes, func(o *Options) *string { return &o.GSSAPIPrincipal }, checkText, (*zmq.Socket).SetGssapiPrincipal),
	row("GSSAPIServicePrincipal", "ZMQ_GSSAPI_SERVICE_PRINCIPAL", zmtpTypes, func(o *Options) *string { return &o.GSSAPIServicePrincipal }, checkText, (*zmq.Socket).SetGssapiServicePrincipal),
	row("GSSAPIPlaintext", "ZMQ_GSSAPI_PLAINTEXT", zmtpTypes, func(o *Options) *bool { return &o.GSSAPIPlaintext }, anyValue, (*zmq.Socket).SetGssapiPlaintext),

	row("MulticastHops", "ZMQ_MULTICAST_HOPS", multicastTypes, func(o *Options) *int { return &o.MulticastHops }, intUpTo(255), (*zmq.Socket).SetMulticastHops),
	row("MulticastRate", "ZMQ_RATE", multicastTypes, func(o *Options) *int { return &o.MulticastRate }, intUpTo(maxInt32/1000), (*zmq.Socket).SetRate),
	row("MulticastRecovery", "ZMQ_RECOVERY_IVL", multicastTypes, func(o *Options) *time.Duration { return &o.MulticastRecovery }, checkDuration, (*zmq.Socket).SetRecoveryIvl),
	row("MulticastMaxTPDU", "ZMQ_MULTICAST_MAXTPDU", multicastTypes, func(o *Options) *int { return &o.MulticastMaxTPDU }, intUpTo(65535), (*zmq.Socket).SetMulticastMaxtpdu),

	row("VMCIBufferSize", "ZMQ_VMCI_BUFFER_SIZE", everyType, func(o *Options) *uint64 { return &o.VMCIBufferSize }, anyValue, (*zmq.Socket).SetVmciBufferSize),
	row("VMCIBufferMinSize", "ZMQ_VMCI_BUFFER_MIN_SIZE", everyType, func(o *Options) *uint64 { return &o.VMCIBufferMinSize }, anyValue, (*zmq.Socket).SetVmciBufferMinSize),
	row("VMCIBufferMaxSize", "ZMQ_VMCI_BUFFER_MAX_SIZE", everyType, func(o *Options) *uint64 { return &o.VMCIBufferMaxSize }, anyValue, (*zmq.Socket).SetVmciBufferMaxSize),
	row("VMCIConnectTimeout", "ZMQ_VMCI_CONNECT_TIMEOUT", everyType, func(o *Options) *time.Duration { return &o.VMCIConnectTimeout }, checkDuration, (*zmq.Socket).SetVmciConnectTimeout),
}
