package rig

import (
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// Collector is an actor that keeps what it gets, in order, for a test to take out.
type Collector struct {
	PID *actor.PID

	t    testing.TB
	mail chan Mail
}

// Mail is one message and what a receiver knows about it.
type Mail struct {
	Message any
	Sender  *actor.PID
	respond func(any)
}

// Respond answers as c.Respond in the actor would have, with the actor as the sender.
func (m Mail) Respond(answer any) { m.respond(answer) }

// Collector spawns a collector of everything that is no system message.
func (r *Rig) Collector() *Collector {
	c := &Collector{t: r.T, mail: make(chan Mail, 1<<16)}
	c.PID = r.Actor(func(x actor.Context) {
		switch x.Message().(type) {
		case actor.SystemMessage, actor.AutoReceiveMessage, *actor.Started, *actor.Touch:
			return
		}
		sender, self := x.Sender(), x.Self()
		c.mail <- Mail{x.Message(), sender, func(answer any) {
			r.Root.RequestWithCustomSender(sender, answer, self)
		}}
	})
	return c
}

// Mail is the mail that was not taken yet, for a select.
func (c *Collector) Mail() <-chan Mail { return c.mail }

// Next takes the next mail, whatever it is.
func (c *Collector) Next() Mail {
	c.t.Helper()
	select {
	case m := <-c.mail:
		return m
	case <-time.After(Patience):
		c.t.Fatal("nothing arrived")
		return Mail{}
	}
}

// Take takes the next mail, which must carry a T.
func Take[T any](c *Collector) (T, Mail) {
	c.t.Helper()
	mail := c.Next()
	m, ok := mail.Message.(T)
	if !ok {
		c.t.Fatalf("a %T arrived, not a %v: %v", mail.Message, reflect.TypeFor[T](), mail.Message)
	}
	return m, mail
}

// Await takes mail until there is a T: for events, among others that a test does not care for.
func Await[T any](c *Collector) (T, Mail) {
	c.t.Helper()
	for {
		mail := c.Next()
		if m, ok := mail.Message.(T); ok {
			return m, mail
		}
	}
}

// Message takes the next mail, a *messages.Message.
func (c *Collector) Message() *messages.Message {
	c.t.Helper()
	m, _ := Take[*messages.Message](c)
	return m
}

// Rejected takes the next mail, a *messages.Rejected.
func (c *Collector) Rejected() *messages.Rejected {
	c.t.Helper()
	m, _ := Take[*messages.Rejected](c)
	return m
}

// Messages takes n messages, out of batches or one by one.
func (c *Collector) Messages(n int) (all []*messages.Message) {
	c.t.Helper()
	for len(all) < n {
		switch m := c.Next().Message.(type) {
		case *messages.Message:
			all = append(all, m)
		case *messages.Batch:
			all = append(all, m.Messages()...)
		default:
			c.t.Fatalf("a %T arrived: %v", m, m)
		}
	}
	return all
}

// Empty reports what has arrived and was not taken; nothing, it is to be hoped. It does not wait:
// whoever calls it knows by something that came later that nothing is under way.
func (c *Collector) Empty() {
	c.t.Helper()
	select {
	case m := <-c.mail:
		c.t.Errorf("arrived beside what was expected: %T %v", m.Message, m.Message)
	default:
	}
}

// Echo spawns an actor that answers every message with itself.
func (r *Rig) Echo() *actor.PID {
	return r.Actor(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *messages.Message, *messages.Batch:
			c.Respond(m)
		}
	})
}

// DeadLetters are those of a system.
type DeadLetters struct {
	mu  sync.Mutex
	all []*actor.DeadLetterEvent // guarded by mu
}

func collectDead(system *actor.ActorSystem) *DeadLetters {
	d := &DeadLetters{}
	system.EventStream.Subscribe(func(event any) {
		if e, ok := event.(*actor.DeadLetterEvent); ok {
			d.mu.Lock()
			d.all = append(d.all, e)
			d.mu.Unlock()
		}
	})
	return d
}

// To returns the messages that were to go to pid, *messages.Message and *messages.Batch only.
func (d *DeadLetters) To(pid *actor.PID) (all []any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.all {
		switch e.Message.(type) {
		case *messages.Message, *messages.Batch:
			if e.PID.Equal(pid) {
				all = append(all, e.Message)
			}
		}
	}
	return slices.Clip(all)
}
