package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// load is clients that ask, one question after the other each, and what they have seen.
type load struct {
	root   *actor.RootContext
	socket *actor.PID
	each   time.Duration // how long one waits for a reply
	stop   context.CancelFunc
	all    sync.WaitGroup

	mu       sync.Mutex
	latest   reply         // guarded by mu: of the owner with the highest token
	changed  chan struct{} // guarded by mu: closed when that is another
	answered int           // guarded by mu
	failed   map[string]int
	wrong    []string // guarded by mu: what must not be
}

// reply is who answered, and when.
type reply struct {
	member string
	token  int64
	at     time.Time
}

// start has n clients ask.
func (l *load) start(ctx context.Context, n int) {
	ctx, l.stop = context.WithCancel(ctx)
	l.changed, l.failed = make(chan struct{}), map[string]int{}
	for i := range n {
		l.all.Go(func() {
			for k := 0; ctx.Err() == nil; k++ {
				l.ask(ctx, fmt.Sprint("question ", i, " ", k))
			}
		})
	}
}

// ask asks once. A reply whose token is lower than one that was seen before the question was asked is of an
// owner that was none any more.
func (l *load) ask(ctx context.Context, question string) {
	l.mu.Lock()
	before := l.latest.token
	l.mu.Unlock()
	one, cancel := context.WithTimeout(ctx, l.each)
	defer cancel()
	answer, err := messages.Ask(one, l.root, l.socket, messages.Text(question))
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case ctx.Err() != nil: // it is over
	case err != nil:
		l.failed[kind(err)]++
	case len(answer.Frames) != 3 || string(answer.Frames[2]) != question:
		l.wrong = append(l.wrong, fmt.Sprintf("%q was answered with %q", question, answer.Frames))
	default:
		token, _ := strconv.ParseInt(string(answer.Frames[1]), 10, 64)
		l.answer(reply{string(answer.Frames[0]), token, time.Now()}, before)
	}
}

func (l *load) answer(r reply, before int64) {
	l.answered++
	if r.token < before {
		l.wrong = append(l.wrong, fmt.Sprintf("token %d of %s after %d", r.token, r.member, before))
	}
	if r.token > l.latest.token {
		l.latest = r
		close(l.changed)
		l.changed = make(chan struct{})
	}
}

// kind is an error's, for the count of them.
func kind(err error) string {
	for _, known := range []error{messages.ErrFailed, messages.ErrUnreachable, messages.ErrTimedOut, messages.ErrFull, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return err.Error()
}

// after returns the first reply with a higher token.
func (l *load) after(ctx context.Context, token int64) (reply, error) {
	for {
		l.mu.Lock()
		now, changed := l.latest, l.changed
		l.mu.Unlock()
		if now.token > token {
			return now, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return reply{}, ctx.Err()
		}
	}
}

// failures is how many requests have ended in an error.
func (l *load) failures() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range l.failed {
		n += k
	}
	return n
}
