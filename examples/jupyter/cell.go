package main

import (
	"context"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
)

// cell is the one that runs. It has ended when there was a reply on shell and the status idle on iopub,
// behind which none of its output comes. Neither waits for the other.
type cell struct {
	run
	id      string // of the execute_request
	began   bool   // output was seen, so that there is something to be interrupted
	idle    bool
	replied bool
	outcome *Outcome
	paper   transcript

	question *Question // that waits for an Answer
	probes   map[string]bool
	alive    bool // something has come on iopub since the last probe
	tries    int
	missed   uint64 // of iopub's ledger, when the cell began
}

// run is a cell for the session. It is answered, to the parent of its parent, with ran.
type run struct {
	number  int
	execute *Execute
	to      *actor.PID // the kernel
}

// ran is what has become of a cell.
type ran struct {
	life, number int
	outcome      *Outcome
}

func (s *session) run(c actor.Context, r run) {
	e := r.execute
	s.cell = &cell{run: r, outcome: &Outcome{Cell: r.number}, probes: map[string]bool{},
		paper: transcript{left: e.Limit.withDefaults()}, missed: s.tooLarge(c)}
	s.cell.id = s.request(c, shell, "execute_request", header{}, executeRequest{
		Code: e.Code, StoreHistory: true, UserExpressions: map[string]string{}, AllowStdin: e.Out != nil})
}

// executed is the reply. The status idle may be on its way, or lost: a kernel's PUB drops what its queue
// has no room for. So a while later a probe follows.
func (s *session) executed(c actor.Context, m *message) {
	x := s.cell
	reply, err := contentOf[executeReply](m)
	x.replied, x.outcome.Count = true, reply.Count
	switch {
	case err != nil:
		s.counts.refuse(err)
		x.outcome.Err = err
	case reply.Status == "error":
		x.outcome.Err = &cellError{reply.Name, reply.Value, x.outcome.traceback(reply.Traceback)}
	case reply.Status != "ok":
		x.outcome.Err = errAborted
	}
	s.ended(c)
}

// published is for what comes on iopub.
func (s *session) published(c actor.Context, m *message) {
	s.hello.seen[iopub] = true
	s.greeted(c)
	x := s.cell
	switch {
	case x != nil && m.Parent.ID == x.id:
		x.alive = true
		s.output(c, m)
	case x != nil && x.probes[m.Parent.ID]:
		if st, err := contentOf[status](m); err == nil && m.Header.Type == "status" && st.State == "idle" {
			x.outcome.End = Overtaken // it was sent after the cell's: that one will not come any more
			s.finish(c)
		}
	case m.Header.Type != "status":
		s.counts.late.Add(1)
	}
}

func (s *session) output(c actor.Context, m *message) {
	x := s.cell
	if m.Header.Type == "status" {
		if st, err := contentOf[status](m); err != nil {
			s.counts.refuse(err)
		} else if st.State == "idle" {
			x.idle = true
			s.ended(c)
		}
		return
	}
	if !x.began { // the status busy would be too early: the kernel does not listen to SIGINT yet
		x.began = true
		s.interruptNow(c)
	}
	out, err := read(m)
	if err != nil {
		s.counts.refuse(err)
		return
	}
	if out = x.paper.take(out); out == nil {
		return
	}
	out.Cell = x.number
	x.outcome.Output = append(x.outcome.Output, *out)
	if x.execute.Out != nil {
		c.Send(x.execute.Out, out)
	}
}

// ended looks whether the cell has, and otherwise has it looked after.
func (s *session) ended(c actor.Context) {
	if s.cell.replied && s.cell.idle {
		s.finish(c)
		return
	}
	s.after(c, s.Probe, s.cell.id)
}

// probe asks for something whose idle comes behind the cell's, if that comes at all. As long as iopub brings
// something it is only slow.
func (s *session) probe(c actor.Context) {
	x := s.cell
	if x.alive {
		x.alive, x.tries = false, 0
	}
	switch x.tries++; {
	case x.tries <= maxProbes && x.idle: // the reply is missing
	case x.tries <= maxProbes && len(x.probes) < maxProbes:
		x.probes[s.request(c, shell, "kernel_info_request", header{}, struct{}{})] = true
	case x.tries <= maxProbes: // of those that were sent, one will be answered
	default:
		x.outcome.End = Unknown
		if !x.replied {
			x.outcome.Err = errNoReply
		}
		s.finish(c)
		return
	}
	s.after(c, s.Probe*time.Duration(x.tries), x.id)
}

// maxProbes is how many there are. The nth waits n times as long as the first: 15 s in all.
const maxProbes = 12

// finish hands over what has become of the cell.
func (s *session) finish(c actor.Context) {
	x := s.cell
	s.cell = nil
	x.outcome.Omitted = x.paper.omitted
	x.outcome.TooLarge = s.tooLarge(c) - x.missed
	for _, asker := range s.interrupted {
		answerTo(c, asker, errIdle)
	}
	s.interrupted = nil
	c.Send(x.to, ran{s.life, x.number, x.outcome})
}

// tooLarge is how many messages iopub has had that were larger than a socket takes.
func (s *session) tooLarge(c actor.Context) uint64 {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	l, err := socket.Counts(ctx, c, s.channels[iopub])
	if err != nil {
		return 0 // it is being opened anew
	}
	return l.Dropped["too large"]
}
