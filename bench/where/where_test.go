package main

import (
	"testing"

	"github.com/google/pprof/profile"
)

// A stack is listed from the innermost function on.
func TestStageOf(t *testing.T) {
	const thread = "github.com/sockeye-mq/sockeye/actors/zmqthread."
	for want, stack := range map[string][]string{
		"ZeroMQ thread: libzmq takes the message, in C": {"runtime.cgocall", thread + "internal/native.(*fast).Send",
			thread + "(*Link).send", thread + "(*Thread).round"},
		"ZeroMQ thread: out of the outbox, books, marks": {"github.com/sockeye-mq/sockeye/actors/socket.(*box).Sent",
			thread + "(*Link).send", thread + "(*Thread).round"},
		"ZeroMQ thread: its round":                           {"sync.(*Mutex).Lock", thread + "(*Thread).take", thread + "(*Thread).round"},
		"Go: garbage collection":                             {"runtime.scanobject", "runtime.gcAssistAlloc", "github.com/sockeye-mq/sockeye/messages.Bytes"},
		"sender: Send, check, address, pack into the outbox": {"runtime.memmove", "github.com/sockeye-mq/sockeye/actors/socket.(*box).PostUserMessage"},
		others: {"runtime.cgocall"},
	} {
		s := &profile.Sample{}
		for _, name := range stack {
			s.Location = append(s.Location, &profile.Location{Line: []profile.Line{{Function: &profile.Function{Name: name}}}})
		}
		if got := stageOf(s); got != want {
			t.Errorf("%v is %q, not %q", stack, got, want)
		}
	}
}
