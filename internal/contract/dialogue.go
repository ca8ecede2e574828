package contract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// dialogue is a type that asks and one that answers.
type dialogue struct{ asks, answers socket.Config }

var dialogues = []dialogue{
	{socket.Config{Type: socket.Req}, socket.Config{Type: socket.Rep}},
	{socket.Config{Type: socket.Req}, socket.Config{Type: socket.Router}},
	{socket.Config{Type: socket.Req, Options: socket.Options{NoCorrelate: true}}, socket.Config{Type: socket.Router}},
	{socket.Config{Type: socket.Dealer}, socket.Config{Type: socket.Rep}},
	{socket.Config{Type: socket.Dealer}, socket.Config{Type: socket.Router}},
}

func (s suite) dialogues(t *testing.T) {
	for _, d := range dialogues {
		name := pair(d.asks.Type, d.answers.Type)
		if d.asks.Options.NoCorrelate {
			name += " without correlation"
		}
		s.test(t, name+"/ask", func(b *bench) {
			answers, asks := b.link(d.answers, d.asks)
			b.dialogue(asks, answers)
		})
		s.test(t, name+"/asker binds", func(b *bench) {
			asks, answers := b.link(d.asks, d.answers)
			b.dialogue(asks, answers)
		})
		s.test(t, name+"/in service", func(b *bench) { b.inService(d) })
		s.test(t, name+"/gives way", func(b *bench) { b.givesWay(d) })
		if d.answers.Type == socket.Rep {
			s.test(t, name+"/times out", func(b *bench) { b.timesOut(d) })
		}
	}
	s.test(t, "DEALER-REP/by hand", (*bench).byHand)
}

// dialogue asks the corpus and answers each with another message of it, in both ways there are.
func (b *bench) dialogue(asks, answers *end) {
	questions := corpus()
	for i, question := range questions {
		reply := questions[len(questions)-1-i]
		answered := make(chan error, 1)
		go func() {
			got, err := messages.Ask(b.Ctx, b.Root, asks.pid, messages.Bytes(question...))
			if err == nil && !same(got.Frames, reply) {
				err = fmt.Errorf("the reply arrived as %s, was sent as %s", brief(got.Frames), brief(reply))
			}
			answered <- err
		}()
		m, mail := rig.Take[*messages.Message](answers.Collector)
		if !same(m.Body(), question) {
			b.T.Fatalf("question %d arrived as %s, was sent as %s", i, brief(m.Frames), brief(question))
		}
		if i%2 == 0 {
			mail.Respond(messages.Bytes(reply...))
		} else {
			b.Root.Send(answers.pid, messages.Reply(m, messages.Bytes(reply...)))
		}
		if err := <-answered; err != nil {
			b.T.Fatalf("question %d, %s: %v", i, brief(question), err)
		}
	}
	answers.Empty()
	b.counted(asks, answers, len(questions))
	b.counted(answers, asks, len(questions))
}

// inService has many requests under way and answers them in the reverse order; each gets its own
// reply.
func (b *bench) inService(d dialogue) {
	const requests = 40
	clients := 1
	if d.asks.Type == socket.Req {
		clients = requests // each has one turn
	}
	d.answers.Bind = []string{b.Endpoint(b.transport)}
	answers := b.spawn(d.answers)
	d.asks.Connect = b.At(answers.pid)
	replies := make(chan error)
	for client := range clients {
		pid := b.Spawn(d.asks)
		for i := range requests / clients {
			go func() { replies <- b.ask(b.Ctx, pid, fmt.Sprintf("%d/%d", client, i)) }()
		}
	}
	var waiting []rig.Mail
	for range requests {
		_, mail := rig.Take[*messages.Message](answers.Collector)
		waiting = append(waiting, mail)
	}
	for _, mail := range slices.Backward(waiting) {
		respond(mail)
	}
	for range requests {
		if err := <-replies; err != nil {
			b.T.Error(err)
		}
	}
}

// ask asks something and checks that the reply is respond's to that.
func (b *bench) ask(ctx context.Context, pid *actor.PID, question string) error {
	reply, err := messages.Ask(ctx, b.Root, pid, messages.Text(question))
	if err == nil && reply.Text() != "re: "+question {
		err = fmt.Errorf("the reply to %q is %s", question, brief(reply.Frames))
	}
	return err
}

func respond(mail rig.Mail) {
	mail.Respond(messages.Text("re: " + mail.Message.(*messages.Message).Text()))
}

// timesOut leaves a request unanswered. The REP says so, serves what comes then, and rejects the
// answer that comes too late.
func (b *bench) timesOut(d dialogue) {
	events := b.Collector()
	d.answers.ReplyTimeout, d.answers.Events = 50*time.Millisecond, events.PID
	answers, asks := b.link(d.answers, d.asks)

	ctx, cancel := context.WithCancel(b.Ctx)
	asked := make(chan error, 1)
	go func() { asked <- b.ask(ctx, asks.pid, "nobody answers this") }()
	ignored, mail := rig.Take[*messages.Message](answers.Collector)
	if e, _ := rig.Await[*socket.Unanswered](events); e.Request != ignored.Request || e.Request == 0 {
		b.T.Errorf("event for request %d, not %d", e.Request, ignored.Request)
	}
	respond(mail)
	if r := answers.Rejected(); !errors.Is(r, messages.ErrNoRequest) || r.Message == nil {
		b.T.Errorf("a late answer: %v", r)
	}
	cancel()
	if err := <-asked; !errors.Is(err, context.Canceled) {
		b.T.Errorf("a cancelled ask: %v", err)
	}
	for !b.answeredInTime(asks, answers) {
	}
}

// answeredInTime asks once more. false: this machine was too slow for the reply timeout.
func (b *bench) answeredInTime(asks, answers *end) bool {
	b.T.Helper()
	ctx, cancel := context.WithCancel(b.Ctx)
	defer cancel()
	asked := make(chan error, 1)
	go func() { asked <- b.ask(ctx, asks.pid, "once more") }()
	_, mail := rig.Take[*messages.Message](answers.Collector)
	respond(mail)
	select {
	case err := <-asked:
		if err != nil {
			b.T.Fatal(err)
		}
		return true
	case mail := <-answers.Mail():
		if r, ok := mail.Message.(*messages.Rejected); !ok || !errors.Is(r, messages.ErrNoRequest) {
			b.T.Fatalf("%T %v", mail.Message, mail.Message)
		}
		cancel()
		<-asked
		return false
	}
}

// givesWay has more requests in service than may be: the oldest is given up.
func (b *bench) givesWay(d dialogue) {
	events := b.Collector()
	d.answers.InService, d.answers.Events = 1, events.PID
	d.answers.Bind = []string{b.Endpoint(b.transport)}
	answers := b.spawn(d.answers)
	d.asks.Connect = b.At(answers.pid)
	first, second := b.Spawn(d.asks), b.Spawn(d.asks)
	asked := make(chan error, 2)

	ctx, cancel := context.WithCancel(b.Ctx)
	go func() { asked <- b.ask(ctx, first, "first") }()
	m, old := rig.Take[*messages.Message](answers.Collector)
	go func() { asked <- b.ask(b.Ctx, second, "second") }()
	_, mail := rig.Take[*messages.Message](answers.Collector)
	respond(mail)
	if err := <-asked; err != nil {
		b.T.Fatal(err)
	}
	respond(old)
	if r := answers.Rejected(); !errors.Is(r, messages.ErrNoRequest) {
		b.T.Errorf("the answer to what had to give way: %v", r)
	}
	if d.answers.Type == socket.Rep {
		if e, _ := rig.Await[*socket.Unanswered](events); e.Request != m.Request {
			b.T.Errorf("event for request %d, not %d", e.Request, m.Request)
		}
		cancel()
		<-asked
		return
	}
	defer cancel()
	b.Root.Send(answers.pid, messages.Reply(m, messages.Text("re: first"))) // carries its own route
	if err := <-asked; err != nil {
		b.T.Error(err)
	}
}

// byHand writes the envelope of a request as any client might: REP returns it, however deep, and
// drops what has none.
func (b *bench) byHand() {
	rep, dealer := b.link(socket.Config{Type: socket.Rep}, socket.Config{Type: socket.Dealer})
	b.Root.Send(dealer.pid, messages.Text("no delimiter"))
	b.Root.Send(dealer.pid, messages.Text("nothing behind it", ""))
	for _, envelope := range [][]string{{""}, {"one", ""}, {"one", "two", "three", ""}} {
		b.Root.Send(dealer.pid, messages.Text(append(envelope, "question", "")...))
		m, mail := rig.Take[*messages.Message](rep.Collector)
		if !same(m.Frames, frames("question", "")) {
			b.T.Fatalf("behind the envelope %q arrived %s", envelope, brief(m.Frames))
		}
		mail.Respond(messages.Text("", "answer"))
		if got := dealer.Message(); !same(got.Frames, frames(append(envelope, "", "answer")...)) {
			b.T.Fatalf("with the envelope %q the reply is %s", envelope, brief(got.Frames))
		}
	}
	if l := b.Counts(rep.pid); l.Dropped["malformed"] != 2 || l.Received != 5 || l.Taken != 3 {
		b.T.Errorf("2 of 5 requests had no envelope: %+v", l)
	}
}
