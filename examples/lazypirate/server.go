package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// mood is how the server takes a request.
type mood string

const (
	well       mood = "is well"
	overloaded mood = "is overloaded, and answers late"
	crashing   mood = "crashes"
	gone       mood = "crashes, and stays away"
)

// moods are the dice, thrown in advance: what the first request meets, the second, and so on. In the
// middle the server stays away for longer than the client tries, and is well then.
func moods(seed uint64, requests int) []mood {
	dice := rand.New(rand.NewPCG(seed, 0))
	all := make([]mood, requests)
	for i := range all {
		all[i] = []mood{well, well, overloaded, crashing}[dice.IntN(4)]
	}
	all[requests/2], all[requests/2+1] = gone, well
	return all
}

// server is an actor whose REP socket is its child. It crashes by stopping it, with all that was in
// it, and is back with another at the same address.
type server struct {
	thread *zmqthread.Thread
	teller *actor.PID
	moods  []mood
	late   time.Duration // how late it answers, and how long a crash takes
	up     chan<- error

	at   []string // where it binds
	rep  *actor.PID
	next int       // the first request that has not come yet
	busy time.Time // overloaded until then
}

// back starts the server again if it has crashed.
type back struct{}

func (s *server) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		s.at = []string{"tcp://127.0.0.1:*"}
		s.open(c)
		ctx, cancel := context.WithTimeout(context.Background(), enough)
		defer cancel()
		var err error
		s.at, err = socket.Endpoints(ctx, c, s.rep) // the same ever after
		s.up <- err
	case *messages.Message:
		s.take(c, m)
	case back:
		if s.rep == nil {
			s.say(c, "is back")
			s.open(c)
		}
	}
}

func (s *server) open(c actor.Context) {
	s.rep = c.Spawn(socket.Props(s.thread, socket.Config{Type: socket.Rep, Bind: s.at, Deliver: socket.To(c.Self())}))
}

// take takes a request, which is a number. One that comes again, because its answer was late or never
// came, finds the server well.
func (s *server) take(c actor.Context, m *messages.Message) {
	n, err := strconv.Atoi(m.Text())
	if err != nil || n >= len(s.moods) {
		s.say(c, fmt.Sprintf("does not understand %q", m.Text()))
		return
	}
	now, what := well, fmt.Sprintf("gets %d again", n)
	if n >= s.next {
		s.next = n + 1
		now = s.moods[n]
		what = fmt.Sprintf("gets %d, %s", n, now)
	}
	s.say(c, what)
	if now == overloaded {
		s.busy = time.Now().Add(s.late)
	}
	root, self := c.ActorSystem().Root, c.Self()
	switch now {
	case crashing, gone:
		c.Stop(s.rep)
		s.rep = nil
		if now == crashing {
			time.AfterFunc(s.late, func() { root.Send(self, back{}) })
		}
	default:
		rep, answer := s.rep, messages.Reply(m, messages.Text(fmt.Sprintf("%d squared is %d", n, n*n)))
		time.AfterFunc(time.Until(s.busy), func() { root.Send(rep, answer) })
	}
}

func (s *server) say(c actor.Context, what string) { c.Send(s.teller, line{"server", what}) }
