package wire

import (
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// line is the connection to a peer: a PUSH. Guarded by peer.mu.
type line struct {
	at        Peer
	push      *actor.PID
	answers   *actor.PID // of what is offered to push: its RequestId says to which one
	opened    uint32     // how many there were
	connected bool       // a handshake has succeeded, and nothing was heard of an end
	refused   bool       // it does not try again by itself
	err       error      // what was last wrong
}

// open opens a PUSH. Caller holds mu.
func (p *peer) open() {
	l := &p.line
	l.opened++
	l.connected, l.refused = false, false
	p.out.taken, p.out.offers = p.out.handed, nil
	l.answers = &actor.PID{Address: p.mail.Address, Id: p.mail.Id, RequestId: l.opened}
	l.push = p.w.root.SpawnPrefix(socket.Props(p.w.thread, p.w.pushConfig(p), actor.WithGuardian(stubborn())), reserved+"/push")
}

// stubborn keeps a socket up.
func stubborn() actor.SupervisorStrategy {
	return &supervision.Backoff{Min: 20 * time.Millisecond, Max: 2 * time.Second}
}

func (w *Wire) pushConfig(p *peer) socket.Config {
	beat := w.cfg.Heartbeat
	o := socket.Options{
		Immediate: true, Linger: w.cfg.Linger, SendHWM: 64,
		ReconnectInterval: min(100*time.Millisecond, beat), ReconnectMax: max(2*time.Second, beat), ConnectTimeout: max(time.Second, 2*beat),
		IPv6: w.ipv6(p.line.at.Endpoint),
	}
	if w.cfg.Keys != nil {
		o.CurvePublicKey, o.CurveSecretKey, o.CurveServerKey = w.cfg.Keys.Public, w.cfg.Keys.Secret, p.line.at.ServerKey
	}
	return socket.Config{Type: socket.Push, Connect: []string{p.line.at.Endpoint}, Options: w.alive(o), Events: p.mail,
		Outbox: socket.Limit{Bytes: 4 * mostMessage}, MaxMessage: mostMessage + frameSlack} // what is in it is bounded by take
}

// relocate opens another connection if the peer is elsewhere by now, or if this one has given up.
func (p *peer) relocate() {
	at, err := p.w.lookup(p.address)
	p.mu.Lock()
	old := p.line.push
	if p.state == up || p.state == gone || err != nil || at == p.line.at && !p.line.refused {
		p.mu.Unlock()
		return
	}
	if at != p.line.at {
		p.line.at, p.line.err = at, nil
	}
	p.open()
	p.mu.Unlock()
	p.w.root.Stop(old) // which answers what it still had
}

// mail is the process that a peer's socket talks to.
type mail struct{ *peer }

// SendUserMessage implements actor.Process. It runs on the socket's goroutine.
func (m *mail) SendUserMessage(pid *actor.PID, x any) {
	_, message, sender := actor.UnwrapEnvelope(x)
	p := m.peer
	switch e := message.(type) {
	case *messages.Taken, *messages.Rejected, *messages.Dead, *actor.DeadLetterResponse:
		p.mu.Lock()
		if pid.GetRequestId() == p.line.opened {
			p.out.told()
		}
		p.mu.Unlock()
		p.flush()
	case *actor.Touch:
		if sender != nil {
			p.w.root.Send(sender, &actor.Touched{Who: p.mail})
		}
	case *socket.HandshakeSucceeded, *socket.Missed:
		p.connection(sender, true, nil)
		p.greet(nil)
		p.remind()
		p.flush()
	case *socket.HandshakeFailed:
		p.connection(sender, false, e.Err)
	case *socket.Disconnected:
		p.connection(sender, false, errors.New("the connection has ended"))
	case *socket.ConnectRetried:
		p.connection(sender, false, errors.New("no connection could be made"))
	case *socket.Stopped:
		p.connection(sender, false, e.Reason)
		p.lost(sender)
	}
}

// SendSystemMessage implements actor.Process.
func (m *mail) SendSystemMessage(*actor.PID, any) {}

// Stop implements actor.Process.
func (m *mail) Stop(*actor.PID) {}

// remind tells a peer on a new connection how much was sent: it knows then whether the last one has lost some.
func (p *peer) remind() {
	p.mu.Lock()
	var beat []byte
	if p.state == up {
		beat = p.beat(0)
	}
	p.mu.Unlock()
	if beat != nil {
		p.control(beat)
	}
}

// connection notes what is known of the connection. A peer that has refused the key says so once: libzmq
// does not try again then (RFC 27, status 400).
func (p *peer) connection(of *actor.PID, connected bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !of.Equal(p.line.push) {
		return
	}
	p.line.connected = connected
	if refused := new(socket.HandshakeError); errors.As(err, &refused) {
		p.line.refused = p.line.refused || refused.Status >= 400
	} else if p.line.err != nil && !connected {
		return // the refusal says more than the end of the connection that follows
	}
	p.line.err = err
}

// lost says that the socket has stopped: another one is opened when there is time.
func (p *peer) lost(of *actor.PID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if of.Equal(p.line.push) {
		p.line.refused = true
	}
}

// control sends a frame that is not data, if there is a connection.
func (p *peer) control(frame []byte) {
	p.mu.Lock()
	push, connected, from := p.line.push, p.line.connected, p.mail
	p.mu.Unlock()
	if connected {
		p.w.root.RequestWithCustomSender(push, messages.Bytes(frame), from)
	}
}
