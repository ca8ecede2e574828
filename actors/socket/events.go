package socket

import "fmt"

// Unanswered is the event of a request that nobody has answered in time, or that had to give way
// to newer ones (Config.ReplyTimeout, Config.InService). An answer that comes later is rejected
// with messages.ErrNoRequest.
type Unanswered struct {
	Request uint32 // Message.Request of what was delivered
}

func (u *Unanswered) String() string { return fmt.Sprintf("request %d was not answered", u.Request) }

// report tells Events what was given up.
func (b *box) report(given []uint32) {
	if b.cfg.Events == nil || b.cfg.Type != Rep {
		return
	}
	for _, id := range given {
		b.system.Root.RequestWithCustomSender(b.cfg.Events, &Unanswered{id}, b.self)
	}
}
