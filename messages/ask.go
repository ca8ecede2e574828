package messages

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/tap"
)

// Ask sends m to pid and returns the reply. It is for goroutines and tests; it may be used inside
// an actor, which then processes nothing else meanwhile.
//
// A waiting caller is always answered: by the reply, by an error of the socket ([Rejected],
// [Dead]), or by ctx. A cancelled wait is forgotten on the other side too: it frees the REQ's turn
// or the DEALER's slot, and a reply that comes later is counted and dropped.
func Ask(ctx context.Context, sender actor.SenderContext, pid *actor.PID, m *Message) (*Message, error) {
	hear := tap.Hears(sender)
	if hear == nil {
		return ask(ctx, sender, pid, m)
	}
	began := time.Now()
	reply, err := ask(ctx, sender, pid, m)
	for _, h := range hear {
		(*h)(ctx, time.Since(began), err)
	}
	return reply, err
}

func ask(ctx context.Context, sender actor.SenderContext, pid *actor.PID, m *Message) (*Message, error) {
	if m == nil {
		return nil, fmt.Errorf("ask: %w: nil", ErrMalformed)
	}
	answer, err := Call(ctx, sender, pid, m)
	if err != nil {
		return nil, fmt.Errorf("ask: %w", err)
	}
	reply, ok := answer.(*Message)
	if !ok {
		return nil, fmt.Errorf("ask %s: %w: reply is a %T", pid.Id, ErrMalformed, answer)
	}
	return reply, nil
}

// Put sends m, a *Message or a *Batch, to the socket pid and returns when ZeroMQ has taken it:
// backpressure for any goroutine. When the outbox is full it waits for its turn, first come first
// served. After an error of ctx, or after ErrFlushing from a socket that was poisoned meanwhile, the
// message was either never accepted, or will be sent whole, or is a dead letter.
//
// An actor that waits in Put or Ask cannot supervise: give the socket another parent, or a socket that
// fails meanwhile waits for its restart, and the actor for the socket.
func Put(ctx context.Context, sender actor.SenderContext, pid *actor.PID, m any) error {
	offer, err := NewOffer(m)
	if err != nil {
		return fmt.Errorf("put: %w", err)
	}
	if _, err := Call(ctx, sender, pid, offer); err != nil {
		return fmt.Errorf("put: %w", err)
	}
	return nil
}

// NewOffer wraps a *Message or a *Batch.
func NewOffer(m any) (*Offer, error) {
	switch m := m.(type) {
	case *Message:
		if m != nil {
			return &Offer{Message: m}, nil
		}
	case *Batch:
		if m != nil {
			return &Offer{Batch: m}, nil
		}
	}
	return nil, fmt.Errorf("%w: %T is neither a message nor a batch", ErrMalformed, m)
}

// Call sends any question to pid and returns the answer. An answer that is an error is returned
// as one. Ask and Put are calls; so is every live command:
//
//	_, err := messages.Call(ctx, system.Root, pid, &messages.Connect{Endpoint: "tcp://127.0.0.1:5555"})
func Call(ctx context.Context, sender actor.SenderContext, pid *actor.PID, question any) (any, error) {
	c, err := NewCaller(sender)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Call(ctx, pid, question)
}

// Caller makes calls one after the other. One goroutine at a time may use it.
type Caller struct {
	sender  actor.SenderContext
	pid     *actor.PID
	answers chan any
}

// callers begin their PID's id with this. Sockets know by it that the sender waits.
const callers = "ask"

// NewCaller registers a caller with the sender's system. Close unregisters it.
func NewCaller(sender actor.SenderContext) (*Caller, error) {
	registry := sender.ActorSystem().ProcessRegistry
	c := &Caller{sender: sender, answers: make(chan any, 1)}
	var fresh bool
	if c.pid, fresh = registry.Add(answers(c.answers), callers+registry.NextId()); !fresh {
		return nil, errors.New("call: process id is taken")
	}
	return c, nil
}

// Close ends the caller's life in the system.
func (c *Caller) Close() { c.sender.ActorSystem().ProcessRegistry.Remove(c.pid) }

// Call is like the function Call. After an error of ctx the caller must not be used again: the
// answer may still come.
func (c *Caller) Call(ctx context.Context, pid *actor.PID, question any) (any, error) {
	if pid == nil {
		return nil, ErrNilPID
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", pid.Id, err)
	}
	c.sender.RequestWithCustomSender(pid, question, c.pid)
	select {
	case a := <-c.answers:
		return c.read(pid, a)
	case <-ctx.Done():
	}
	c.sender.RequestWithCustomSender(pid, &Cancelled{}, c.pid)
	select {
	case a := <-c.answers: // it came at the same time
		return c.read(pid, a)
	default:
		return nil, fmt.Errorf("%s: %w", pid.Id, ctx.Err())
	}
}

func (c *Caller) read(pid *actor.PID, answer any) (any, error) {
	switch a := answer.(type) {
	case *actor.DeadLetterResponse:
		return nil, &Dead{PID: pid, Reason: obituary(c.sender.ActorSystem(), pid)}
	case error:
		return nil, fmt.Errorf("%s: %w", pid.Id, a)
	}
	return answer, nil
}

// Waits reports whether pid is somebody who waits for exactly one answer: a Caller, or a
// Proto.Actor Future. Such a sender may be kept waiting where another would be rejected.
func Waits(pid *actor.PID) bool {
	return pid != nil && (strings.HasPrefix(pid.Id, callers+"$") || strings.HasPrefix(pid.Id, "future$"))
}

// answers is the process behind a Caller.
type answers chan any

func (a answers) SendUserMessage(_ *actor.PID, m any) {
	select {
	case a <- actor.UnwrapEnvelopeMessage(m):
	default: // answered already
	}
}

func (answers) SendSystemMessage(*actor.PID, any) {}
func (answers) Stop(*actor.PID)                   {}
