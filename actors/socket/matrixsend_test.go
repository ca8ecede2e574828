package socket_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// sending is an item that was handed to the subject, for one far or for whoever gets it.
type sending struct {
	item string
	to   *far
}

// How an item is sent: an ordinary sender gets it back, without one it is a dead letter, Put waits.
const (
	asActor = iota
	fromNobody
	byPut
)

// text is an item as it travels. A STREAM's have to fill the kernel's buffers.
func (s *stage) text(item string) string {
	if s.typ == socket.Stream {
		return item + strings.Repeat(".", 64<<10) + "\n"
	}
	return item + "\n"
}

// to makes a message for f, or for nobody who is there.
func (s *stage) to(f *far, item string) *messages.Message {
	text := messages.Text(s.text(item))
	switch {
	case s.typ == socket.Rep && f != nil:
		return messages.Reply(s.request(f), text)
	case s.typ == socket.Rep:
		return &messages.Message{Frames: text.Frames, Request: 4711}
	case (s.typ == socket.Router || s.typ == socket.Stream) && f != nil:
		return messages.Bytes(f.id, text.Frames[0])
	case s.typ == socket.Router || s.typ == socket.Stream:
		return messages.Bytes([]byte("nobody"), text.Frames[0])
	}
	return text
}

// request has f ask something, for a REP to have something to answer.
func (s *stage) request(f *far) *messages.Message {
	s.Put(f.pid, messages.Text("", "?"))
	return s.in.Message()
}

func (s *stage) send(how int, f *far, m *messages.Message, item string) {
	s.sent = append(s.sent, sending{item, f})
	switch how {
	case asActor:
		s.Root.RequestWithCustomSender(s.pid, m, s.me.PID)
	case fromNobody:
		s.Root.Send(s.pid, m)
	case byPut:
		s.put = make(chan error, 1)
		go func() { s.put <- messages.Put(s.Ctx, s.Root, s.pid, m) }()
	}
	rig.Until(s.T, "it has come in", func() bool {
		l := s.Counts(s.pid)
		return int(l.Accepted+l.Rejected-l.Queued)+waiting(s.Rig, s.pid) >= len(s.sent)
	})
}

// several is enough to fill whatever lies on the way but the outbox.
const several = 20

// sendSeveral sends to the fars in turn, in each of the three ways.
func (s *stage) sendSeveral(message func(i int) (*far, *messages.Message)) {
	for i := range several {
		how := asActor
		if i == several-2 {
			how = fromNobody
		} else if i == several-1 {
			how = byPut
		}
		f, m := message(i)
		s.send(how, f, m, itemName(i))
	}
}

func itemName(i int) string { return fmt.Sprintf("m%02d", i) }

func (s *stage) inTurn(fars ...*far) func(int) (*far, *messages.Message) {
	return func(i int) (*far, *messages.Message) {
		f := fars[i%len(fars)]
		return f, s.to(f, itemName(i))
	}
}

// end sends more, on and on, until each of the fars has got some of that: what was sent before and
// has not arrived by then never will.
func (s *stage) end(fars ...*far) {
	s.T.Helper()
	has := func(f *far) bool {
		items, _ := f.got()
		return slices.ContainsFunc(items, func(item string) bool { return strings.HasPrefix(item, "end") })
	}
	rig.Until(s.T, "the outbox has room", func() bool { return waiting(s.Rig, s.pid) == 0 })
	rig.Until(s.T, "the end has arrived", func() bool {
		for _, f := range fars {
			if !has(f) {
				s.ends++
				s.Root.Send(s.pid, s.to(f, fmt.Sprintf("end%d", s.ends)))
			}
		}
		return !slices.ContainsFunc(fars, func(f *far) bool { return !has(f) })
	})
}

// seen is what could be observed.
type seen struct {
	Ledger  socket.Ledger // when nothing moved any more
	Waiting int           // for room in the outbox
	Back    map[string]messages.Reason
	Dead    []string
	Put     string
	Others  bool // the far that reads had everything that it was to get
	Lost    []string
	Ordered bool

	two  bool
	sent int
}

// look takes down what is to be seen before a mute far reads.
func (s *stage) look() *seen {
	s.T.Helper()
	o := &seen{Ledger: s.Counts(s.pid), Back: s.returned(), sent: len(s.sent), two: len(s.fars) == 2}
	o.Waiting = waiting(s.Rig, s.pid) - int(o.Ledger.Queued)
	for _, m := range s.Dead.To(s.pid) {
		o.Dead = append(o.Dead, itemOf(m.(*messages.Message)))
	}
	if o.two {
		o.Others = len(s.missing(s.fars[1], o)) == 0 && (addressed[s.typ] || toAll[s.typ] || o.Ledger.Queued == 0)
	}
	o.Put = "waits" // it was the last that was sent: it waits as long as any
	if int(o.Ledger.Queued)+o.Waiting == 0 || o.Others && s.isTaken() {
		o.Put = ""
		if err := <-s.put; err != nil {
			o.Put = reasonOf(err)
		}
	}
	return o
}

// isTaken waits for the Put, which is for the far that reads and has it: it returns unless it waits
// for what is not its own.
func (s *stage) isTaken() bool {
	select {
	case err := <-s.put:
		s.put = make(chan error, 1)
		s.put <- err
		return true
	case <-time.After(time.Second):
		return false
	}
}

// after adds what has arrived in the end.
func (s *stage) after(o *seen) *seen {
	s.T.Helper()
	if o.Put == "waits" {
		if err := <-s.put; err != nil {
			s.T.Error("put:", err)
		}
	}
	o.Ordered = true
	everywhere := map[string]bool{}
	for _, f := range s.fars {
		items, _ := f.got()
		items = slices.DeleteFunc(items, func(item string) bool { return strings.HasPrefix(item, "end") })
		o.Ordered = o.Ordered && slices.IsSorted(items)
		for _, item := range items {
			o.Ordered = o.Ordered && (toAll[s.typ] || !everywhere[item])
			everywhere[item] = true
		}
		if addressed[s.typ] || toAll[s.typ] {
			o.Lost = append(o.Lost, s.missing(f, o)...)
		}
	}
	for _, m := range s.sent {
		if !everywhere[m.item] && !o.gaveBack(m.item) && !slices.Contains(o.Lost, m.item) {
			o.Lost = append(o.Lost, m.item)
		}
	}
	return o
}

// missing is what f should have got and has not.
func (s *stage) missing(f *far, o *seen) (items []string) {
	got, _ := f.got()
	for _, m := range s.sent {
		due := toAll[s.typ] || m.to == f && addressed[s.typ]
		if due && !slices.Contains(got, m.item) && !o.gaveBack(m.item) {
			items = append(items, m.item)
		}
	}
	return items
}

func (o *seen) gaveBack(item string) bool {
	_, back := o.Back[item]
	return back || slices.Contains(o.Dead, item) || item == itemName(several-1) && o.Put != "" && o.Put != "waits"
}

// returned is what came back to the ordinary sender. What the subject had to say it has said after
// a round; what comes behind that is the mark that ends it.
func (s *stage) returned() map[string]messages.Reason {
	s.T.Helper()
	back := map[string]messages.Reason{}
	mark := make(fence)
	s.Root.Send(s.me.PID, mark)
	for {
		switch m := s.me.Next().Message.(type) {
		case fence:
			return back
		case *messages.Rejected:
			back[itemOf(m.Message)] = m.Reason
		}
	}
}

func itemOf(m *messages.Message) string {
	if len(m.GetFrames()) == 0 {
		return "nothing"
	}
	return strings.TrimRight(string(m.Frames[len(m.Frames)-1]), ".\n")
}

// The codes of errors.
var refusalCodes = map[string]error{
	"rejected full": messages.ErrFull, "unreachable": messages.ErrUnreachable, "no request": messages.ErrNoRequest,
	"wrong direction": messages.ErrWrongDirection,
}

func reasonOf(err error) string {
	for code, is := range refusalCodes {
		if errors.Is(err, is) {
			return code
		}
	}
	return err.Error()
}

// code says in one word what was seen.
func (o *seen) code() string {
	switch l := o.Ledger; {
	case len(o.Back) > 0 || len(o.Dead) > 0:
		return o.refused()
	case !o.Ordered:
	case o.Put == "waits" && len(o.Lost) == 0 && l.Queued > 0 && !o.two:
		return "waits"
	case o.Put == "waits" && len(o.Lost) == 0 && l.Queued > 0 && !o.Others:
		return "holds up others"
	case o.Put == "" && len(o.Lost)+len(l.Discarded) == 0 && l.Queued > 0 && o.Others:
		return "others go on"
	case o.Put != "" || int(l.Taken) != o.sent || len(l.Discarded) > 0:
	case len(o.Lost) > 0 && (o.Others || !o.two):
		return "libzmq drops"
	case len(o.Lost) == 0 && o.two:
		return "goes to others"
	case len(o.Lost) == 0:
		return "taken ahead"
	}
	return fmt.Sprintf("something else: %+v", *o)
}

// refused: everything has come back, for one reason, in the way in which it was sent.
func (o *seen) refused() string {
	l, n := o.Ledger, o.sent
	if l.Discarded["mute"] > 0 {
		return o.cameBack()
	}
	counted := int(l.Rejected) == n && len(l.Discarded) == 0
	if o.Put == "unreachable" {
		counted = l.Rejected == 0 && int(l.Discarded["unreachable"]) == n
	}
	if len(o.Back) == n-2 && len(o.Dead) == 1 && len(o.Lost) == 0 && l.Taken+l.Queued == 0 && counted {
		for _, reason := range o.Back {
			if reasonOf(reason.Err()) != o.Put {
				return fmt.Sprintf("something else: %+v", *o)
			}
		}
		return o.Put
	}
	return fmt.Sprintf("something else: %+v", *o)
}

// cameBack: what was for the mute peer and did not fit is back, for that reason; the other has all of its own.
func (o *seen) cameBack() string {
	l, back := o.Ledger, len(o.Back)+len(o.Dead)
	if o.Put == "rejected full" {
		back++
	}
	full := true
	for _, reason := range o.Back {
		full = full && reason == messages.Reason_FULL
	}
	if full && int(l.Discarded["mute"]) == back && int(l.Taken)+back == o.sent && l.Rejected == 0 && len(o.Lost) == 0 && o.Ordered && (o.Others || !o.two) {
		return "comes back"
	}
	return fmt.Sprintf("something else: %+v", *o)
}
