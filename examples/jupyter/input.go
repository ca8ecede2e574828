package main

import (
	"errors"

	"github.com/asynkron/protoactor-go/actor"
)

// Question is what a cell asks its user: Execute.Out gets it, and answers with an *Answer, however late.
type Question struct {
	Cell     int
	Prompt   string
	Password bool       // not to be shown
	From     *actor.PID // who takes the answer
	parent   header
}

// Answer is to a Question. EOF ends the input, as ^D does.
type Answer struct {
	To   *Question
	Text string
	EOF  bool
}

// endOfInput is what a kernel takes for the end of the input.
const endOfInput = "\x04"

// asked is for what comes on stdin.
func (s *session) asked(c actor.Context, m *message) {
	x := s.cell
	if x == nil || m.Parent.ID != x.id || m.Header.Type != "input_request" {
		s.counts.late.Add(1)
		return
	}
	r, err := contentOf[inputRequest](m)
	if err != nil {
		s.counts.refuse(err)
		s.request(c, stdin, "input_reply", m.Header, inputReply{endOfInput})
		return
	}
	x.question = &Question{Cell: x.number, Prompt: r.Prompt, Password: r.Password, From: c.Self(), parent: m.Header}
	if x.execute.Out == nil {
		s.unanswered(c)
		return
	}
	c.Request(x.execute.Out, x.question)
}

// answer passes an answer on, if it is to the question that is open: the cell may have been interrupted
// meanwhile.
func (s *session) answer(c actor.Context, a *Answer) {
	if s.cell == nil || a.To == nil || a.To != s.cell.question {
		s.counts.late.Add(1)
		return
	}
	s.cell.question = nil
	text := a.Text
	if a.EOF {
		text = endOfInput
	}
	s.request(c, stdin, "input_reply", a.To.parent, inputReply{text})
}

// unanswered ends the input of a cell whose user is gone.
func (s *session) unanswered(c actor.Context) {
	if s.cell != nil && s.cell.question != nil {
		s.answer(c, &Answer{To: s.cell.question, EOF: true})
	}
}

// refuse counts a message that was not accepted.
func (n *counts) refuse(err error) {
	var w *wireError
	if errors.As(err, &w) && w.fault == badSignature {
		n.forged.Add(1)
		return
	}
	n.malformed.Add(1)
}
