package socket

import (
	"fmt"
	"time"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// FailAfter makes a failure of the socket out of what its peers do, which by itself is never one:
// the native socket is closed, the supervisor decides, and a restart opens it anew. Not with
// Config.NoMonitor.
type FailAfter struct {
	// Handshakes is how many handshakes may fail with none between them that succeeds, of connections
	// that this socket makes: what others do who connect to it must not bring it down. The failure
	// is a *HandshakesError. Default 0: any number.
	Handshakes int
	// Alone is how long the socket may be without a peer that has finished its handshake. The
	// failure is an *AloneError. Default 0: for ever.
	Alone time.Duration
}

// HandshakesError is the failure of a socket whose handshakes have failed (FailAfter.Handshakes).
type HandshakesError struct {
	Failed int
	Last   *HandshakeError
	secure bool // the socket has a security mechanism
}

func (e *HandshakesError) Error() string {
	return fmt.Sprintf("%d handshakes failed, the last: %v", e.Failed, e.Last)
}

func (e *HandshakesError) Unwrap() error { return e.Last }

// Class is Wrong when the peer has said no: a ZAP status of 4xx, a protocol error; or when it
// hung up on a socket with CURVE or PLAIN, which is all that a server with another key does.
// Otherwise it is Transient.
func (e *HandshakesError) Class() zmqthread.Class {
	if e.Last.Status/100 == 4 || e.Last.Protocol != 0 || e.secure && e.Last.Status == 0 {
		return zmqthread.Wrong
	}
	return zmqthread.Transient
}

// AloneError is the failure of a socket that has had no peer for so long (FailAfter.Alone).
type AloneError struct{ For time.Duration }

func (e *AloneError) Error() string { return "no peer for " + e.For.String() }

// NoReplyError is the failure of a Req whose request was not answered in time and is sent again
// (Config.Retries).
type NoReplyError struct {
	Within time.Duration
	Try    int // 1: of the first
}

func (e *NoReplyError) Error() string {
	return fmt.Sprintf("no reply within %v, try %d", e.Within, e.Try)
}

// Fail is a live command: the socket fails with Err as if ZeroMQ had said so, and its supervisor
// decides. Kept: the native socket goes to the next incarnation; otherwise it is closed and opened
// again. Answered with messages.Done before the failure.
type Fail struct {
	Err  error
	Kept bool
}

// triggers is what FailAfter watches. Guarded by box.mu.
type triggers struct {
	failed int       // handshakes, since one has succeeded
	alone  time.Time // since when; zero: it is not, or is not open
	due    error     // what the native socket is to fail with
}

// Trouble implements zmqthread.Port.
func (b *box) Trouble() error {
	if !b.troubled.Load() {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.triggers.due
}

// trouble makes the native socket fail when the thread next serves it. Caller holds mu, and kicks.
func (b *box) trouble(err error) {
	if b.triggers.due == nil && b.link.Load() != nil && !b.stopped {
		b.triggers.due = err
		b.troubled.Store(true)
	}
}

// noTrouble takes back that a reply is missing.
func (b *box) noTrouble() {
	if !b.troubled.Load() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, missing := b.triggers.due.(*NoReplyError); missing {
		b.triggers.due = nil
		b.troubled.Store(false)
	}
}

// untroubled begins anew with a native socket, or ends with it. Caller holds mu.
func (b *box) untroubled() {
	b.triggers = triggers{}
	b.troubled.Store(false)
}

// countHandshake is told of every handshake that fails. Caller holds mu, and kicks.
func (b *box) countHandshake(f *HandshakeFailed) {
	t := &b.triggers
	t.failed++
	if most := b.cfg.FailAfter.Handshakes; most > 0 && t.failed >= most {
		b.trouble(&HandshakesError{Failed: t.failed, Last: f.Err, secure: b.cfg.Options.secure()})
	}
}

// watchPeers notes since when there have been none. Caller holds mu.
func (b *box) watchPeers() {
	t, most := &b.triggers, b.cfg.FailAfter.Alone
	switch {
	case most == 0 || b.link.Load() == nil:
	case b.peers.connected(b.cfg.Type) > 0:
		t.alone = time.Time{}
	case t.alone.IsZero():
		t.alone = time.Now()
		b.arm(t.alone.Add(most))
	}
}

// checkAlone is for when the alarm goes off. Caller holds mu, and kicks.
func (b *box) checkAlone() {
	t, most := &b.triggers, b.cfg.FailAfter.Alone
	if most == 0 || t.alone.IsZero() {
		return
	}
	if time.Since(t.alone) >= most {
		b.trouble(&AloneError{most})
	} else {
		b.arm(t.alone.Add(most))
	}
}
