package zmqthread

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// closer remembers the one shutdown of a thread.
type closer struct {
	once sync.Once
	over chan struct{} // closed when err is set
	err  error
}

// lastRites is how long Shutdown waits, after ctx has ended, for sockets to be closed by force.
const lastRites = time.Second

// Shutdown lets every socket send what its outbox holds, bounded by its linger, closes it, joins
// the thread, and terminates the ZeroMQ context unless another thread shares it. When ctx ends
// first it closes all the same, and the error, a *ShutdownError, names the sockets that had not
// finished. The sockets' actors stop. A second call waits for the first and returns the same.
//
// It must not be called on the thread itself (in Configure).
func (t *Thread) Shutdown(ctx context.Context) error {
	first := false
	t.closer.once.Do(func() {
		first = true
		t.closer.over = make(chan struct{})
	})
	if !first {
		select {
		case <-t.closer.over:
			return t.closer.err
		case <-ctx.Done():
			return &ShutdownError{Err: ctx.Err()}
		}
	}
	t.closer.err = t.shutdown(ctx)
	close(t.closer.over)
	return t.closer.err
}

func (t *Thread) shutdown(ctx context.Context) error {
	var late *ShutdownError
	if err := t.call(ctx, drain{}); err != nil {
		late = t.force(err)
	}
	t.system.Root.Stop(t.pid) // closes what is left, before the last round
	t.end()
	err := t.join(ctx)
	if err == nil {
		err = t.terminate(ctx)
	} else {
		go func() {
			<-t.buried
			t.context.release()
		}()
	}
	if late != nil {
		return late
	}
	return err
}

// join waits for the thread, which only somebody's Configure can hold up.
func (t *Thread) join(ctx context.Context) error {
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-t.done:
		return nil
	case <-time.After(lastRites):
		return &ShutdownError{Err: fmt.Errorf("the thread is held up: %w", ctx.Err())}
	}
}

// terminate gives the context up. libzmq waits for linger here, for ever if something was
// forgotten (facts Z8), so this waits for ctx instead, and a moment longer: most contexts end at
// once, and ctx may have ended long ago.
func (t *Thread) terminate(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() {
		<-t.buried
		ended <- t.context.release()
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	open := t.leftovers.owners()
	t.leftovers.sever()
	select {
	case err := <-ended:
		return err
	case <-time.After(lastRites):
		return &ShutdownError{Open: open, Err: ctx.Err()}
	}
}

// force stops the owners that have not finished and says which they were.
func (t *Thread) force(why error) *ShutdownError {
	late := &ShutdownError{Err: rootCause(why)}
	ctx, cancel := context.WithTimeout(context.Background(), lastRites)
	defer cancel()
	left := make(chan []*actor.PID, 1)
	t.call(ctx, force{left})
	select {
	case late.Open = <-left:
	default:
	}
	return late
}

func rootCause(err error) error {
	for _, known := range []error{context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, known) {
			return known
		}
	}
	return err
}
