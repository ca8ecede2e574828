package fake_test

import (
	"fmt"
	"strings"
	"syscall"

	"pgregory.net/rapid"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/fake"
)

// plan is one play: some PUSH and PULL sockets, what they are like, and what happens to them.
type plan struct {
	seed                      uint64
	luck                      fake.Luck
	pushes, pulls, threads    int
	perPull                   int // receivers
	window, batch, hwm        int
	outbox                    socket.Limit
	overflow                  socket.Overflow
	onDead                    socket.OnDead
	robin, skip               bool
	monitor                   bool // and over tcp, where there are connections to report on
	turnMessages, largestSize int
	steps                     []step
}

// step is something that happens to socket or receiver number of its kind, modulo how many there are.
type step struct {
	verb   verb
	number int
	count  int
}

type verb string

const (
	send     verb = "send"    // count messages, one by one
	sendMany verb = "batch"   // count messages at once
	put      verb = "put"     // one message, by a goroutine that waits for count × 10 ms at most
	hold     verb = "hold"    // a receiver stops processing
	release  verb = "release" // and goes on
	stall    verb = "stall"   // a PUSH's wire stands still
	flow     verb = "flow"    // and moves again
	upset    verb = "panic"   // a call on a PUSH or PULL panics
	destroy  verb = "break"   // a PUSH or PULL fails for good
	attach   verb = "attach"  // a new receiver for a PULL
	detach   verb = "detach"  // one receiver less
	kill     verb = "kill"    // a receiver stops
	trip     verb = "trip"    // handing the next message to a receiver panics
	stop     verb = "stop"    // a PUSH or PULL, and another takes its place
	poison   verb = "poison"  // the same, politely
	wait     verb = "wait"    // count ms
	crash    verb = "crash"   // the poll actor panics
	end      verb = "end"     // the poll actor ends its OS thread
	starve   verb = "starve"  // the next count opens find no descriptor, or no memory
)

// starved are the calls of an open that fail when there is none left, and how. Not those of a socket in
// service: it would be closed with messages on their way, and ZeroMQ's fair queueing mixes what a
// receiver has not read of a connection that has ended with what comes over the next.
var starved = []struct {
	call  string
	errno syscall.Errno
}{{"socket", syscall.EMFILE}, {"watch", syscall.ENOSPC}, {"monitor", syscall.EMFILE}, {"bind", syscall.ENOBUFS},
	{"bind", syscall.EMFILE}, {"connect", syscall.ENOMEM}, {"poll", syscall.ENOMEM}}

// verbs are as frequent as they stand here.
var verbs = []verb{send, send, send, send, sendMany, sendMany, put, put, hold, hold, release, release, stall, flow, flow,
	upset, destroy, attach, detach, kill, trip, stop, poison, wait, wait, crash, end, starve, starve}

func plans(t *rapid.T) plan {
	one := func(name string, of ...int) int { return rapid.SampledFrom(of).Draw(t, name) }
	p := plan{
		seed: rapid.Uint64().Draw(t, "seed"),
		luck: fake.Luck{
			Partial: one("partial", 0, 2, 5), Again: one("again", 0, 3, 10), Lazy: one("lazy", 0, 2),
			Spurious: one("spurious", 0, 4), InUse: one("in use", 0, 3), Slow: one("slow", 0, 0, 2),
			Large: one("large", 0, 2, 10), Interrupt: one("interrupt", 0, 3, 10), Reorder: one("reorder", 0, 2, 5),
			Linger: one("linger", 0, 2), Dies: one("dies", 0, 0, 3, 20),
		},
		pushes: one("pushes", 1, 1, 2, 3), pulls: one("pulls", 1, 1, 2), threads: one("threads", 1, 1, 2),
		perPull: one("receivers", 1, 1, 2, 4), window: one("window", 1, 2, 5, 64), batch: one("batch", 0, 0, 1, 4),
		hwm: one("hwm", 1, 2, 10), outbox: socket.Limit{Messages: one("outbox", 1, 2, 10, 100), Bytes: one("bytes", 300, 100_000)},
		overflow: socket.Overflow(one("overflow", 0, 1, 2)), onDead: socket.OnDead(one("on dead", 1, 2)),
		robin: rapid.Bool().Draw(t, "robin"), skip: rapid.Bool().Draw(t, "skip"), monitor: rapid.Bool().Draw(t, "monitor"),
		turnMessages: one("turn", 1, 3, 1024), largestSize: one("size", 10, 200, 40_000),
	}
	p.steps = rapid.SliceOfN(rapid.Custom(steps), 1, 60).Draw(t, "steps")
	return p
}

func steps(t *rapid.T) step {
	return step{
		verb:   rapid.SampledFrom(verbs).Draw(t, "verb"),
		number: rapid.IntRange(0, 5).Draw(t, "number"),
		count:  rapid.SampledFrom([]int{1, 2, 5, 30, 200}).Draw(t, "count"),
	}
}

func (p plan) String() string {
	var all []string
	for _, s := range p.steps {
		all = append(all, fmt.Sprintf("%s %d %d", s.verb, s.number, s.count))
	}
	p.steps = nil
	type plain plan
	return fmt.Sprintf("%+v\n%s", plain(p), strings.Join(all, "\n"))
}
