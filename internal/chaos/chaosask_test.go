package chaos

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// asker sends requests, one after the other, each within a time.
type asker struct {
	x       *world
	name    string
	pid     *actor.PID
	within  time.Duration
	allowed []error // what an Ask may end with; and with the end of its ctx

	mu       sync.Mutex
	ended    map[string]int // guarded by mu: by how
	answered time.Time      // guarded by mu: the last time
	gap      time.Duration  // guarded by mu: the longest time without an answer
	until    time.Time      // guarded by mu: when that was over
}

func (x *world) asker(name string, within time.Duration, allowed ...error) {
	x.askers = append(x.askers, &asker{x: x, name: name, pid: x.sockets[name].pid, within: within, allowed: allowed,
		ended: map[string]int{}})
}

// run asks at a steady pace until the world ends. Some give up at once.
func (a *asker) run(rng *rand.Rand) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-a.x.over:
			return
		case <-tick.C:
		}
		within := a.within
		if rng.IntN(10) == 0 {
			within = time.Duration(rng.Int64N(int64(3 * time.Millisecond)))
		}
		a.once(within)
	}
}

// once asks, and checks how that ends.
func (a *asker) once(within time.Duration) {
	n := a.x.asked.Add(1)
	body := [][]byte{binary.BigEndian.AppendUint64(nil, n), []byte(a.name), make([]byte, n%300)}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	began := time.Now()
	reply, err := messages.Ask(ctx, a.x.Root, a.pid, messages.Bytes(body...))
	if took := time.Since(began); took > within+time.Second {
		a.x.T.Errorf("%s: an Ask within %v took %v: %v", a.name, within, took, err)
	}
	how := "answered"
	switch {
	case err != nil:
		how = a.reason(err)
		if strings.HasSuffix(a.name, "lazy") && within == a.within {
			a.x.T.Errorf("%s: %d has tried in vain since %s: %v\n%s", a.name, n, began.Format("05.000000"), err, a.x.sockets[a.name].story())
		}
	case !isReply(reply.Frames, body):
		a.x.T.Errorf("%s: the reply to %d is %.60q", a.name, n, reply.Frames)
	default:
		a.x.recovered(a.name, began)
	}
	a.note(how)
}

func (a *asker) note(how string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended[how]++
	now := time.Now()
	if gap := now.Sub(a.answered); !a.answered.IsZero() && gap > a.gap {
		a.gap, a.until = gap, now
	}
	if how == "answered" || a.answered.IsZero() {
		a.answered = now
	}
}

var typed = []error{messages.ErrFull, messages.ErrStopped, messages.ErrFlushing, messages.ErrUnreachable, messages.ErrNoRequest,
	messages.ErrWrongDirection, messages.ErrMalformed, messages.ErrTooLarge, messages.ErrUnsupported, messages.ErrTimedOut,
	messages.ErrFailed, messages.ErrRefused, messages.ErrDropped, messages.ErrCircuitOpen, messages.ErrConfig, messages.ErrNilPID,
	context.DeadlineExceeded, context.Canceled}

// reason names what an Ask ended with, which must be one of those that it may.
func (a *asker) reason(err error) string {
	i := slices.IndexFunc(typed, func(e error) bool { return errors.Is(err, e) })
	if i < 0 {
		a.x.T.Errorf("%s: an error without a type: %v", a.name, err)
		return "?"
	}
	if e := typed[i]; e != context.DeadlineExceeded && !slices.Contains(a.allowed, e) {
		a.x.T.Errorf("%s: must not end with: %v", a.name, err)
	}
	return typed[i].Error()
}

// respond is what every server does.
func respond(c actor.Context, m *messages.Message) {
	c.Respond(messages.Bytes(append([][]byte{[]byte("re")}, m.Body()...)...))
}

func isReply(reply, request [][]byte) bool {
	return len(reply) == len(request)+1 && string(reply[0]) == "re" && slices.EqualFunc(reply[1:], request, bytes.Equal)
}

func (a *asker) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return fmt.Sprintf("%-12s %v, %v without an answer until %v", a.name, a.ended, a.gap.Round(time.Millisecond),
		a.until.Sub(a.x.began).Round(time.Millisecond))
}
