package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// session is the actor that speaks with one kernel. What the sockets receive comes here, from the four
// channels, and is matched by its parent header, which is the header of the request that caused it.
// It runs one cell at a time (cell.go), passes input on (input.go), and interrupts (interrupt.go).
type session struct {
	config
	life     int
	conn     *connection
	counts   *counts
	id       string // of the session, and of our sockets
	process  *actor.PID
	channels [channels]*actor.PID

	seq   int // of our messages
	hello hello
	cell  *cell // nil: none runs
	// interrupts are those that the kernel has not answered, by message id; interrupted is who waits for the
	// cell to begin, so that it can be.
	interrupts  map[string]*actor.PID
	interrupted []*actor.PID
}

// again has a hello or a probe sent again, if it is still due then.
type again struct{ of string }

func newID() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}

func (s *session) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		s.interrupts = map[string]*actor.PID{}
		s.greet(c)
	case *messages.Message:
		s.received(c, m.Frames)
	case *socket.HandshakeSucceeded:
		s.connected(c)
	case run:
		s.run(c, m)
	case interrupt:
		s.interrupt(c, m.asker)
	case *Answer:
		s.answer(c, m)
	case again:
		s.again(c, m.of)
	case late:
		c.Send(c.Parent(), unready{s.life, s.hello.missing()})
	case leave:
		s.request(c, control, "shutdown_request", header{}, shutdownRequest{})
	case *messages.Rejected:
		s.rejected(c, m)
	case *actor.Stopping:
		for _, asker := range s.interrupts {
			s.interrupted = append(s.interrupted, asker)
		}
		for _, asker := range s.interrupted {
			answerTo(c, asker, errIdle)
		}
	case *actor.DeadLetterResponse: // who was asked for input is gone
		s.unanswered(c)
	}
}

// request sends a message on a channel and returns its id.
func (s *session) request(c actor.Context, channel int, typ string, parent header, content any) string {
	s.seq++
	h := header{ID: fmt.Sprintf("%s_%d", s.id, s.seq), Type: typ, Session: s.id, Username: "sockeye",
		Date: time.Now().UTC().Format(time.RFC3339Nano), Version: "5.3"}
	b, err := json.Marshal(content)
	if err != nil {
		panic(err) // none of our types
	}
	frames, err := encode(s.conn.key, &message{Header: h, Parent: parent, Content: b})
	if err != nil {
		panic(err)
	}
	c.Request(s.channels[channel], messages.Bytes(frames...))
	return h.ID
}

// received sorts a message by the channel it came on: that is the sender of all but iopub's, which
// nobody can answer. What cannot be read is counted and left.
func (s *session) received(c actor.Context, frames [][]byte) {
	m, err := decode(s.conn.key, frames)
	if err != nil {
		s.counts.refuse(err)
		return
	}
	from := c.Sender()
	switch {
	case from == nil:
		s.published(c, m)
	case from.Equal(s.channels[shell]):
		s.replied(c, m)
	case from.Equal(s.channels[control]):
		s.controlled(c, m)
	case from.Equal(s.channels[stdin]):
		s.asked(c, m)
	}
}

// replied is for what comes on shell: replies to a cell, and to kernel_info_request.
func (s *session) replied(c actor.Context, m *message) {
	switch {
	case s.cell != nil && m.Parent.ID == s.cell.id && m.Header.Type == "execute_reply":
		s.executed(c, m)
	case m.Header.Type == "kernel_info_reply" && m.Parent.Session == s.id:
		if s.hello.done { // one of several, or to a probe: what matters of that is its end on iopub
			return
		}
		info, err := contentOf[kernelInfoReply](m)
		if err != nil {
			s.counts.refuse(err)
			return
		}
		s.hello.info = &info
		s.greeted(c)
	default:
		s.counts.late.Add(1)
	}
}

func (s *session) after(c actor.Context, d time.Duration, of string) {
	root, self := c.ActorSystem().Root, c.Self()
	time.AfterFunc(d, func() { root.Send(self, again{of}) })
}

func (s *session) again(c actor.Context, of string) {
	switch {
	case of == s.hello.id && !s.hello.done:
		s.greet(c)
	case s.cell != nil && of == s.cell.id:
		s.probe(c)
	}
}

// rejected is a message that its socket could not send: nobody else will notice, if it was a cell.
func (s *session) rejected(c actor.Context, m *messages.Rejected) {
	s.counts.rejected.Add(1)
	if s.cell == nil || m.Message == nil {
		return
	}
	sent, err := decode(s.conn.key, m.Message.Frames)
	if err == nil && sent.Header.ID == s.cell.id {
		s.cell.outcome.Err = fmt.Errorf("send the cell: %w", m)
		s.finish(c)
	} else if !errors.Is(m, messages.ErrStopped) {
		c.Logger().Warn("a message to the kernel was not sent", "error", m)
	}
}
