package zap

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// What Config.Events gets, with the handler as the sender. No password is in any of it. They are
// delivered in order and within a bound: an actor that does not keep up gets Missed in place of what
// it has missed.
type (
	// Decided says who has been let in or refused, and why.
	Decided struct {
		Request  Request // without the password
		Decision Decision
	}
	// Malformed says that something came that is no request. Answered: it was refused with Err.Status;
	// otherwise it had no request id, was dropped, and counts in Counts.Dropped.
	Malformed struct {
		Err      *MalformedError
		Answered bool
	}
	// Reloaded says that there is another policy. It is the answer to Reload, too.
	Reloaded struct {
		Revoked     int          // credentials that were let in, from one address, and are to be asked again
		Connections int          // that were cut, those of innocent peers at these addresses among them
		Failed      int          // that could not be cut: none can but on Linux
		Blind       []*actor.PID // sockets with Config.NoMonitor: nobody knows their connections; stop them
		Err         error        // of a thread that did not answer
	}
	// Missed stands for events that were dropped.
	Missed struct{ Events uint64 }
)

func (e *Decided) String() string { return fmt.Sprintf("%v: %v", e.Request, e.Decision) }
func (e *Malformed) String() string {
	if !e.Answered {
		return e.Err.Error() + ": dropped"
	}
	return fmt.Sprintf("%v: status %d", e.Err, e.Err.Status)
}
func (e *Reloaded) String() string {
	s := fmt.Sprintf("reloaded: %d revoked, %d connections cut", e.Revoked, e.Connections)
	if e.Failed > 0 || len(e.Blind) > 0 || e.Err != nil {
		s += fmt.Sprintf("; %d not cut, %d sockets without a monitor, error %v", e.Failed, len(e.Blind), e.Err)
	}
	return s
}
func (e *Missed) String() string { return fmt.Sprintf("%d events were missed", e.Events) }

// Bounds of what waits in the mailbox of the actor that gets the events. Its credit is a Touch every
// half window, as for the receivers of a socket.
const (
	eventWindow = 1024
	lostTouch   = time.Second // an actor that panics over a Touch never answers it
)

// feed is the way to Config.Events. Owned by the decider, whichever incarnation.
type feed struct {
	to             *actor.PID
	sent, credited uint64
	touches        []uint64 // positions of those that were not answered
	touchedAt      time.Time
	missed         uint64
}

// tell sends an event if there is credit.
func (f *feed) tell(c actor.Context, self *actor.PID, e any) {
	if f.to == nil {
		return
	}
	if f.missed > 0 && f.room() {
		f.send(c, self, &Missed{f.missed})
		f.missed = 0
	}
	if !f.room() {
		f.missed++
		if time.Since(f.touchedAt) > lostTouch {
			f.touch(c)
		}
		return
	}
	f.send(c, self, e)
}

func (f *feed) room() bool { return f.sent-f.credited < eventWindow }

func (f *feed) send(c actor.Context, self *actor.PID, e any) {
	c.ActorSystem().Root.RequestWithCustomSender(f.to, e, self)
	if f.sent++; f.sent%(eventWindow/2) == 0 {
		f.touch(c)
	}
}

func (f *feed) touch(c actor.Context) {
	f.touchedAt = time.Now()
	f.touches = append(f.touches, f.sent)
	if len(f.touches) > 4 {
		f.touches = f.touches[1:]
	}
	c.Request(f.to, &actor.Touch{})
}

// touched books the answer to the oldest Touch; whatever was sent before it has been processed.
func (f *feed) touched(c actor.Context, self *actor.PID) {
	if len(f.touches) == 0 {
		return
	}
	f.credited, f.touches = max(f.credited, f.touches[0]), f.touches[1:]
	if f.missed > 0 && f.room() {
		f.send(c, self, &Missed{f.missed})
		f.missed = 0
	}
}
