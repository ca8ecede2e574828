package socket

import (
	"math"
	"time"
)

// Unlimited as a high-water mark means no limit but memory. ZeroMQ's own number for that, 0, is
// the default here.
const Unlimited = math.MaxInt32

// Durations that are not a length of time. They are none that ZeroMQ knows: its -1 is "for ever"
// for one option and "never" for another, so that -1 is refused everywhere.
const (
	// NoLinger as Linger discards at close what has not been written to a peer.
	NoLinger time.Duration = math.MinInt64
	// NoReconnect as ReconnectInterval leaves a lost connection lost.
	NoReconnect time.Duration = math.MinInt64
	// NoHandshakeLimit as HandshakeInterval lets a handshake take as long as it likes.
	NoHandshakeLimit time.Duration = math.MinInt64
)

// Switch is an option whose default is neither on nor off for all time.
type Switch int8

// The positions of a Switch.
const (
	Default Switch = iota
	On
	Off
)

// Options are the stable socket options of libzmq 4.3 (zmq_setsockopt(3)), each under the name
// that ends its comment. The zero value of a field is its default; a value that ZeroMQ would
// ignore, truncate to nothing or not have on the socket's type is a *[ConfigError].
//
// They are set before the first bind and connect. Set on a running socket, most take effect for
// later binds and connects only; at once do SendHWM, RecvHWM, Linger, RouterHandover,
// DropUnroutable, DropSlow, ProbeRouter, InvertMatching, XPubVerbose, XPubVerboser and XPubWelcome.
// Durations are cut down to whole milliseconds and go up to 24 days.
//
// Options of libzmq that are missing, and why: SUBSCRIBE and UNSUBSCRIBE are Config.Subscribe;
// SNDTIMEO and RCVTIMEO mean nothing where no call blocks; ROUTER_RAW, TCP_ACCEPT_FILTER and
// IPC_FILTER_* are deprecated; USE_FD and CONNECT_ROUTING_ID are good for one bind or connect and
// not for the next (libzmq closes the descriptor; a routing id used twice aborts the process);
// BINDTODEVICE and GSSAPI_*_NAMETYPE are not in pebbe/zmq4. Config.Configure can set the others.
type Options struct {
	// SendHWM is the high-water mark for what is sent: how many messages ZeroMQ queues for each
	// peer. Default 1000; at most 1<<30-1, or Unlimited. All types. ZMQ_SNDHWM.
	SendHWM int
	// RecvHWM is the same for what is received. All types. ZMQ_RCVHWM.
	RecvHWM int
	// Linger is how long ZeroMQ goes on sending after the socket was closed. Default 1s, not
	// ZeroMQ's "for ever", on which terminating the context hangs. NoLinger discards at once. All
	// types. ZMQ_LINGER.
	Linger time.Duration
	// Identity is the routing id by which a ROUTER peer knows the socket: 1 to 255 bytes, the
	// first not 0. Default: the peer makes one up. Req, Rep, Dealer, Router. ZMQ_ROUTING_ID.
	Identity string
	// MaxMsgSize is the largest frame accepted from a peer, in bytes; one that sends a larger
	// frame is disconnected. Default and maximum 1<<31-1, what Sockeye can carry. All types but
	// Stream; not over inproc. ZMQ_MAXMSGSIZE.
	MaxMsgSize int64
	// Immediate queues messages for completed connections only, so that none waits in the queue
	// of a peer that is not there. All types. ZMQ_IMMEDIATE.
	Immediate bool
	// Affinity is a bit map of the context's I/O threads that may serve the socket; bit 0 is the
	// first. Default: all. All types. ZMQ_AFFINITY.
	Affinity uint64

	// Backlog is how many connections may wait to be accepted by a bind. Default 8192, not
	// ZeroMQ's 100, with which thousands of connects take half a minute; the kernel may cap it
	// (net.core.somaxconn). All types. ZMQ_BACKLOG.
	Backlog int
	// SendBuffer and RecvBuffer are the sizes of the kernel's buffers for each connection, in
	// bytes. Default: the system's. All types. ZMQ_SNDBUF, ZMQ_RCVBUF.
	SendBuffer int
	RecvBuffer int
	// ConnectTimeout is how long one attempt to connect over tcp may take. Default: as long as
	// the system tries. All types. ZMQ_CONNECT_TIMEOUT.
	ConnectTimeout time.Duration
	// HandshakeInterval is how long the ZMTP handshake may take before the connection is closed.
	// Default 30s; NoHandshakeLimit. All types but Stream. ZMQ_HANDSHAKE_IVL.
	HandshakeInterval time.Duration
	// ReconnectInterval is the pause before a lost or refused connection is tried again; ZeroMQ
	// adds up to as much at random. Default 100ms; NoReconnect. All types. ZMQ_RECONNECT_IVL.
	ReconnectInterval time.Duration
	// ReconnectMax makes the pause double after each attempt up to this. Not below
	// ReconnectInterval. Default: it does not grow. All types. ZMQ_RECONNECT_IVL_MAX.
	ReconnectMax time.Duration
	// HeartbeatInterval is the time between ZMTP pings, by which a peer that vanished without a
	// word is noticed. Default: none are sent. All types but Stream. ZMQ_HEARTBEAT_IVL.
	HeartbeatInterval time.Duration
	// HeartbeatTimeout closes a connection that has been silent this long after a ping. Default
	// HeartbeatInterval, without which it is refused. All types but Stream. ZMQ_HEARTBEAT_TIMEOUT.
	HeartbeatTimeout time.Duration
	// HeartbeatTTL asks the peer to close the connection when it hears nothing for this long;
	// 100ms to 6553.5s in steps of 100ms. Only with HeartbeatInterval. Default: not asked. All
	// types but Stream. ZMQ_HEARTBEAT_TTL.
	HeartbeatTTL time.Duration

	// IPv6 lets tcp resolve, bind and connect to IPv6 addresses beside IPv4 ones. All types.
	// ZMQ_IPV6.
	IPv6 bool
	// TOS is the type-of-service byte of IP packets, 0 to 255. Default 0. All types. ZMQ_TOS.
	TOS int
	// TCPKeepalive overrides SO_KEEPALIVE. Default: the system's. All types. ZMQ_TCP_KEEPALIVE.
	TCPKeepalive Switch
	// TCPKeepaliveIdle is the silence before the first probe, TCPKeepaliveInterval the time
	// between probes, both 1s to 32767s in whole seconds; TCPKeepaliveCount is how many go
	// unanswered, 1 to 127. With a value beyond, ZeroMQ would drop every connection. Only with
	// TCPKeepalive On. Default: the system's. All types. ZMQ_TCP_KEEPALIVE_IDLE, ZMQ_TCP_KEEPALIVE_INTVL,
	// ZMQ_TCP_KEEPALIVE_CNT.
	TCPKeepaliveIdle     time.Duration
	TCPKeepaliveInterval time.Duration
	TCPKeepaliveCount    int
	// TCPMaxRT is how long sent data may stay unacknowledged before the connection is given up
	// (TCP_USER_TIMEOUT). Default: the system's. All types. ZMQ_TCP_MAXRT.
	TCPMaxRT time.Duration
	// SocksProxy is the host:port of a SOCKS5 proxy through which tcp connects. Default: none.
	// All types. ZMQ_SOCKS_PROXY. Only with a proxy that you trust: after one that refuses, libzmq
	// 4.3.4 aborts the process when the socket closes (socks_connecter.cpp, error(); epoll.cpp:113).
	SocksProxy string

	// NoCorrelate: do not put a request id frame in front of requests; for ROUTER peers that take
	// a REQ's envelope apart by position. The socket then sends nothing more until the reply to a
	// request has come: without the id, a late one would pass for the reply to the next. Only
	// before the socket opens. Req. It leaves out ZMQ_REQ_CORRELATE and ZMQ_REQ_RELAXED.
	NoCorrelate bool
	// DropUnroutable silently drops what has no peer of that identity, or whose peer is full, as
	// ZeroMQ does by default. Router. It leaves out ZMQ_ROUTER_MANDATORY.
	DropUnroutable bool
	// DropSlow silently drops messages for subscribers over their high-water mark, as ZeroMQ does
	// by default. Without it one slow subscriber slows down the socket. Pub, XPub. It leaves out
	// ZMQ_XPUB_NODROP.
	DropSlow bool

	// RouterHandover gives the identity to the newcomer when two peers have the same, and closes
	// the older connection. Default: the newcomer is turned away. Router, and Rep, which Sockeye
	// runs on a ROUTER. ZMQ_ROUTER_HANDOVER.
	RouterHandover bool
	// ProbeRouter sends an empty message on every new connection, from which a ROUTER peer learns
	// the identity. Not for peers of other types. Req, Dealer, Router. ZMQ_PROBE_ROUTER.
	ProbeRouter bool
	// Conflate keeps one message, the last, in place of each queue: no multipart messages, and no
	// high-water marks. What it drops nobody counts. Dealer, Push, Pull, Pub, Sub. ZMQ_CONFLATE.
	Conflate bool
	// InvertMatching sends a message to all but those who subscribed to it. Subs must set it
	// too. Pub, XPub, Sub. ZMQ_INVERT_MATCHING.
	InvertMatching bool
	// XPubVerbose delivers every subscription, XPubVerboser every unsubscription as well, not
	// only the first and last for each topic. XPub. ZMQ_XPUB_VERBOSE, ZMQ_XPUB_VERBOSER.
	XPubVerbose  bool
	XPubVerboser bool
	// XPubManual has no subscription count, however many are delivered: the socket sends to nobody.
	// There is no command for ZMQ_SUBSCRIBE on an XPUB, which means the peer whose message was read
	// last. Only before the socket opens. XPub. ZMQ_XPUB_MANUAL.
	XPubManual bool
	// XPubWelcome is sent to every new subscriber who subscribed to it. Default: none. XPub.
	// ZMQ_XPUB_WELCOME_MSG.
	XPubWelcome string
	// StreamNotify delivers an empty message when a peer connects and when it is gone. Default
	// On. Stream. ZMQ_STREAM_NOTIFY.
	StreamNotify Switch

	// CurveServer makes the socket the server of CURVE, zmq_curve(7): it has a CurveSecretKey and
	// no CurveServerKey. All types but Stream, like the other Curve fields. ZMQ_CURVE_SERVER.
	CurveServer bool
	// CurvePublicKey and CurveSecretKey are the socket's own keys, in Z85: 40 characters. A client
	// needs both, a server the second. ZMQ_CURVE_PUBLICKEY, ZMQ_CURVE_SECRETKEY.
	CurvePublicKey string
	CurveSecretKey Secret
	// CurveServerKey is the public key of the server; it makes the socket a client.
	// ZMQ_CURVE_SERVERKEY.
	CurveServerKey string
	// PlainServer makes the socket the server of PLAIN, zmq_plain(7); whom it lets in its ZAP
	// handler says. All types but Stream, like the other Plain fields. ZMQ_PLAIN_SERVER.
	PlainServer bool
	// PlainUsername and PlainPassword make the socket a client of PLAIN: both, 1 to 255 bytes.
	// ZMQ_PLAIN_USERNAME, ZMQ_PLAIN_PASSWORD.
	PlainUsername string
	PlainPassword Secret
	// ZAPDomain is the domain in which a server's peers are authenticated, RFC 27, up to 255
	// bytes; package actors/zap has the authenticator. While none runs in the ZeroMQ context nobody
	// gets in. Only before the socket opens. Default: none, and then NULL does not ask, and CURVE and
	// GSSAPI let everybody in while there is nobody to ask. All types but Stream. ZMQ_ZAP_DOMAIN,
	// ZMQ_ZAP_ENFORCE_DOMAIN.
	ZAPDomain string
	// ZAPOptional lets everybody in, over NULL and CURVE, while no authenticator runs, as ZeroMQ does
	// by default. Only with ZAPDomain, and before the socket opens. It leaves out
	// ZMQ_ZAP_ENFORCE_DOMAIN.
	ZAPOptional bool
	// GSSAPIServer makes the socket the server of GSSAPI, zmq_gssapi(7). All types but Stream,
	// like the other GSSAPI fields. ZMQ_GSSAPI_SERVER.
	GSSAPIServer bool
	// GSSAPIPrincipal is whose credentials the socket uses, GSSAPIServicePrincipal the server that
	// a client expects; host-based names of up to 255 bytes. ZMQ_GSSAPI_PRINCIPAL,
	// ZMQ_GSSAPI_SERVICE_PRINCIPAL.
	GSSAPIPrincipal        string
	GSSAPIServicePrincipal string
	// GSSAPIPlaintext leaves out the encryption. ZMQ_GSSAPI_PLAINTEXT.
	GSSAPIPlaintext bool

	// MulticastHops is the time-to-live of multicast packets, 1 to 255. Default 1: the local
	// network. Pub, Sub, XPub, XSub, like the other Multicast fields. ZMQ_MULTICAST_HOPS.
	MulticastHops int
	// MulticastRate is the most that is sent, in kilobits per second. Default 100. ZMQ_RATE.
	MulticastRate int
	// MulticastRecovery is how long a receiver may be away before data is lost; that much is kept
	// in memory. Default 10s. ZMQ_RECOVERY_IVL.
	MulticastRecovery time.Duration
	// MulticastMaxTPDU is the largest packet, in bytes. Default 1500. ZMQ_MULTICAST_MAXTPDU.
	MulticastMaxTPDU int

	// VMCIBufferSize, VMCIBufferMinSize and VMCIBufferMaxSize are the buffers of vmci, in bytes.
	// Default: the system's. All types, where libzmq was built with VMCI. ZMQ_VMCI_BUFFER_SIZE,
	// ZMQ_VMCI_BUFFER_MIN_SIZE, ZMQ_VMCI_BUFFER_MAX_SIZE.
	VMCIBufferSize    uint64
	VMCIBufferMinSize uint64
	VMCIBufferMaxSize uint64
	// VMCIConnectTimeout is how long one attempt to connect over vmci may take. Default: the
	// system's. All types. ZMQ_VMCI_CONNECT_TIMEOUT.
	VMCIConnectTimeout time.Duration
}

// secure reports whether a security mechanism is configured.
func (o *Options) secure() bool {
	return o.CurveServer || o.CurveServerKey != "" || o.PlainServer || o.PlainUsername != ""
}
