package main

import "strings"

// stage is a part of a message's way, and whose functions it is that the time is spent in, or below.
type stage struct {
	name  string
	below []string // parts of functions' names
}

func (s *stage) has(function string) bool {
	for _, part := range s.below {
		if strings.Contains(function, part) {
			return true
		}
	}
	return false
}

const (
	ioThreads = "libzmq's I/O thread: framing, the kernel's copies"
	others    = "everything else"
)

// stages are tried in this order: what is more special comes first.
var stages = []stage{
	{"Go: garbage collection", []string{"runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.bgsweep", "runtime.bgscavenge", "runtime.deductAssistCredit"}},
	{"the program: making and checking contents", []string{"main.(*series).", "main.(*pattern).", "main.(*check)."}},
	{"ZeroMQ thread: libzmq takes the message, in C", []string{"native.(*fast).Send", "native.(*plain).Send"}},
	{"ZeroMQ thread: libzmq gives the message, in C", []string{"native.(*fast).Recv", "native.(*plain).Recv"}},
	{"ZeroMQ thread: asking ZMQ_EVENTS, polling, ringing", []string{"native.(*epoll)", ").Events", "zmqthread.(*bell)", ".Spin"}},
	{"sender: Send, check, address, pack into the outbox", []string{"socket.(*box).PostUserMessage", "RootContext).Send", "RootContext).sendUserMessage"}},
	{"sender: Message or Batch made", []string{"messages.Bytes", "messages.NewBatch", "messages.(*Batch).Append"}},
	{"sender: flow control (Touch, Release)", []string{"main.(*pace)."}},
	{"ZeroMQ thread: out of the outbox, books, marks", []string{"zmqthread.(*Link).send"}},
	{"ZeroMQ thread: into the inbox", []string{"zmqthread.(*Link).receive"}},
	{"ZeroMQ thread: its round", []string{"zmqthread."}},
	{"receiver's actor: mailbox and Receive", []string{"main.look", "main.(*sockeye)"}},
	{"socket actor: hands over, books, credit", []string{"socket.(*socket).Receive"}},
	{"Proto.Actor: mailboxes", []string{"actor.(*defaultMailbox)", "actor.(*actorContext)"}},
	{"raw pebbe/zmq4: Send", []string{"zmq4.(*Socket).Send"}},
	{"raw pebbe/zmq4: Recv", []string{"zmq4.(*Socket).Recv"}},
	{"Go: scheduler, timers", []string{"runtime.mcall", "runtime.mstart", "runtime.schedule", "runtime.sysmon", "runtime.park_m", "runtime.goexit0", "runtime.morestack"}},
}

// order is that of the report.
func order() (names []string) {
	for _, s := range stages {
		names = append(names, s.name)
	}
	return append(names, ioThreads, others)
}
