package socket

import (
	"time"

	zmq "github.com/pebbe/zmq4"
)

// call is the options of one connection that was found by name. Both methods run on the ZeroMQ thread: the
// options that a connection has are those that the socket has when it is made.
type call struct {
	to     Target
	option Options // the socket's
}

// never is an interval in which libzmq does not reconnect. With none (-1) it would forget the endpoint by itself
// a moment later, and with it what was connected there since.
const never = 24 * time.Hour

// set is what holds for this connection: no queue before there is a peer (facts C1), no reconnecting, the
// binder's CURVE key. The first stays: libzmq aborts when a connection with ZMQ_IMMEDIATE ends on a socket that
// is without by then (socket_base.cpp:1673, 4.3.4).
func (d call) set(z *zmq.Socket) error {
	if err := z.SetImmediate(true); err != nil {
		return failed("ZMQ_IMMEDIATE", err)
	}
	if err := z.SetReconnectIvl(never); err != nil {
		return failed("ZMQ_RECONNECT_IVL", err)
	}
	if d.to.ServerKey == "" {
		return nil
	}
	public, secret := d.option.CurvePublicKey, string(d.option.CurveSecretKey)
	if public == "" || d.option.CurveServer {
		var err error
		if public, secret, err = zmq.NewCurveKeypair(); err != nil {
			return failed("zmq_curve_keypair", err)
		}
	}
	if err := z.ClientAuthCurve(d.to.ServerKey, public, secret); err != nil {
		return failed("ZMQ_CURVE_SERVERKEY", err)
	}
	return nil
}

// reset is what holds for all others.
func (d call) reset(z *zmq.Socket) error {
	o := d.option.withDefaults()
	if o.ReconnectInterval == 0 {
		o.ReconnectInterval = 100 * time.Millisecond // libzmq's default
	}
	if d.to.ServerKey != "" {
		if err := z.SetCurveServer(0); err != nil { // makes it NULL
			return failed("ZMQ_CURVE_SERVER", err)
		}
	}
	for _, r := range optionTable {
		if r.set != nil && r.isSet(&o) && (r.field == "ReconnectInterval" || d.to.ServerKey != "" && mechanisms[r.field]) {
			if err := r.set(z, &o); err != nil {
				return failed(r.name, err)
			}
		}
	}
	return nil
}

// mechanisms are the options that choose one.
var mechanisms = map[string]bool{
	"CurveServer": true, "CurvePublicKey": true, "CurveSecretKey": true, "CurveServerKey": true,
	"PlainServer": true, "PlainUsername": true, "PlainPassword": true,
	"GSSAPIServer": true, "GSSAPIPrincipal": true, "GSSAPIServicePrincipal": true,
}
