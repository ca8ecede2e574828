package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// world is a group, a client and a worker.
type world struct {
	system *actor.ActorSystem
	thread *zmqthread.Thread
	group  *group
	client *actor.PID
	actors []*actor.PID  // that are no sockets
	taken  chan struct{} // told when the worker has got the request that it never answers
	opened chan opened   // told of every socket of the group

	asking sync.WaitGroup
}

type opened struct {
	who  string
	kept bool
}

// never is what the worker never answers.
const never = "never"

func newWorld() (w *world, err error) {
	w = &world{system: actor.NewActorSystem(actor.WithLoggerFactory(quiet)), taken: make(chan struct{}, 1), opened: make(chan opened, 16)}
	if w.thread, err = zmqthread.Start(w.system, zmqthread.Config{}); err != nil {
		return nil, err
	}
	w.group = &group{thread: w.thread, events: w.actor(w.onEvent), incarnations: map[string]int{}}
	return w, nil
}

// populate returns when client and worker are connected.
func (w *world) populate(ctx context.Context, s actor.SupervisorStrategy) error {
	if err := w.group.spawn(w.system, "proxy", s); err != nil {
		return err
	}
	at, err := w.endpoints(ctx)
	if err != nil {
		return err
	}
	root := w.system.Root
	w.client = root.Spawn(socket.Props(w.thread, socket.Config{Type: socket.Dealer, Connect: at[:1]}))
	root.Spawn(socket.Props(w.thread, socket.Config{Type: socket.Rep, Connect: at[1:], Deliver: socket.To(w.actor(w.work)),
		Options: socket.Options{ReconnectInterval: 20 * time.Millisecond}}))
	_, err = w.reopened(ctx, []string{"frontend", "backend"}) // for the first time
	return errors.Join(err, socket.WaitPeers(ctx, root, w.group.frontend, 1), socket.WaitPeers(ctx, root, w.group.backend, 1))
}

func (w *world) actor(receive actor.ReceiveFunc) *actor.PID {
	pid := w.system.Root.Spawn(actor.PropsFromFunc(receive))
	w.actors = append(w.actors, pid)
	return pid
}

func (w *world) onEvent(c actor.Context) {
	if e, ok := c.Message().(*socket.Opened); ok {
		w.opened <- opened{path.Base(c.Sender().Id), e.Kept}
	}
}

func (w *world) work(c actor.Context) {
	switch m, ok := c.Message().(*messages.Message); {
	case !ok:
	case m.Text() == never:
		w.taken <- struct{}{}
	default:
		c.Respond(messages.Text(strings.ToUpper(m.Text())))
	}
}

// ask asks through the proxy, and tells when the answer is there.
func (w *world) ask(ctx context.Context, text string) <-chan error {
	answered := make(chan error, 1)
	w.asking.Go(func() {
		reply, err := messages.Ask(ctx, w.system.Root, w.client, messages.Text(text))
		if err == nil && reply.Text() != strings.ToUpper(text) {
			err = fmt.Errorf("the reply to %q is %q", text, reply.Text())
		}
		answered <- err
	})
	return answered
}

// endpoints are the frontend's and the backend's.
func (w *world) endpoints(ctx context.Context) ([]string, error) {
	front, err := socket.Endpoints(ctx, w.system.Root, w.group.frontend)
	if err != nil {
		return nil, err
	}
	back, err := socket.Endpoints(ctx, w.system.Root, w.group.backend)
	return append(front, back...), err
}

// queued returns when n messages wait in the backend's outbox. That can be asked of a socket that is
// down, too; but nothing tells of it.
func (w *world) queued(ctx context.Context, n uint64) (uint64, error) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		ledger, err := socket.Counts(ctx, w.system.Root, w.group.backend)
		if err != nil || ledger.Queued >= n {
			return ledger.Queued, err
		}
		<-tick.C
	}
}

// reopened returns when all of them are open, and says who kept the native socket.
func (w *world) reopened(ctx context.Context, who []string) (kept map[string]bool, err error) {
	kept = map[string]bool{}
	for range who {
		select {
		case e := <-w.opened:
			kept[e.who] = e.kept
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return kept, nil
}

// stop leaves nothing behind.
func (w *world) stop(err *error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	*err = errors.Join(*err, w.thread.Shutdown(ctx)) // which answers whoever still asks
	for _, pid := range append(w.actors, w.group.parent) {
		if pid != nil {
			*err = errors.Join(*err, w.system.Root.StopFuture(pid).Wait())
		}
	}
	w.asking.Wait()
}

// quiet keeps the failure, which is on purpose, out of the log.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}
