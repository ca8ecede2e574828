package socket

import "fmt"

// Unanswered is the event of a request that nobody has answered in time, or that had to give way
// to newer ones (Config.ReplyTimeout, Config.InService). An answer that comes later is rejected
// with messages.ErrNoRequest.
type Unanswered struct {
	Request uint32 // Message.Request of what was delivered
}

func (u *Unanswered) String() string { return fmt.Sprintf("request %d was not answered", u.Request) }

// Stopped is a socket's last event: it is gone for good. Reason is what Reason returns: nil when it
// was stopped on request and had nothing left. Nothing is queued or held in the Ledger any more.
type Stopped struct {
	Reason error
	Ledger Ledger
}

func (s *Stopped) String() string { return fmt.Sprintf("stopped: %v: %+v", s.Reason, s.Ledger) }

// report tells Events what was given up.
func (b *box) report(given []uint32) {
	if b.cfg.Events == nil || b.cfg.Type != Rep {
		return
	}
	for _, id := range given {
		b.system.Root.RequestWithCustomSender(b.cfg.Events, &Unanswered{id}, b.self)
	}
}
