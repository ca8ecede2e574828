package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// run lets the same happen to a group under each strategy.
func run(ctx context.Context, out io.Writer) error {
	one, all := newPause(), newPause()
	alone, err := try(ctx, one, &supervision.Backoff{Clock: one}, "backend")
	if err != nil {
		return fmt.Errorf("one for one: %w", err)
	}
	together, err := try(ctx, all, &supervision.AllForOne{Backoff: supervision.Backoff{Clock: all}}, "frontend", "backend")
	if err != nil {
		return fmt.Errorf("all for one: %w", err)
	}
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "the backend's native socket is lost\tone for one (Backoff)\tall for one (AllForOne)")
	for i, r := range alone {
		fmt.Fprintf(t, "%s\t%s\t%s\n", r.what, r.is, together[i].is)
	}
	return t.Flush()
}

// row is one of what there is to see.
type row struct{ what, is string }

// try loses the backend of a group under s, and says what became of whom. Those who are to be opened
// again are named.
func try(ctx context.Context, p *pause, s actor.SupervisorStrategy, again ...string) (rows []row, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	w, err := newWorld()
	if err != nil {
		return nil, err
	}
	defer w.stop(&err)
	if err := w.populate(ctx, s); err != nil {
		return nil, err
	}
	before, err := w.endpoints(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.lose(ctx, p); err != nil {
		return nil, err
	}

	// While the supervisor waits, two more requests come. Then it restarts whom it thinks fit.
	first, second := w.ask(ctx, "first"), w.ask(ctx, "second")
	waiting, err := w.queued(ctx, 2)
	if err != nil {
		return nil, err
	}
	p.over()
	kept, err := w.reopened(ctx, again)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(<-first, <-second); err != nil {
		return nil, err
	}

	after, err := w.endpoints(ctx)
	if err != nil {
		return nil, err
	}
	open, err := messages.Call(ctx, w.system.Root, w.group.relay, howManyOpen{})
	if err != nil {
		return nil, err
	}
	return []row{
		{"frontend (ROUTER)", w.group.became("frontend") + native(kept, "frontend")},
		{"backend (DEALER)", w.group.became("backend") + native(kept, "backend")},
		{"relay", w.group.became("relay")},
		{"the frontend's endpoint", same(before[0], after[0])},
		{"the backend's endpoint", same(before[1], after[1])},
		{"in the backend's outbox meanwhile", fmt.Sprintf("%d requests, all answered", waiting)},
		{"requests the relay still waits for", fmt.Sprint(open)},
	}, nil
}

// lose loses the backend when one request is with a worker who never answers it. It returns when the
// supervisor has decided.
func (w *world) lose(ctx context.Context, p *pause) error {
	if err := <-w.ask(ctx, "hello"); err != nil {
		return err
	}
	w.ask(ctx, never)
	select {
	case <-w.taken:
	case <-ctx.Done():
		return ctx.Err()
	}
	if _, err := messages.Call(ctx, w.system.Root, w.group.backend, &socket.Fail{}); err != nil {
		return err
	}
	return p.begun(ctx)
}

func native(kept map[string]bool, name string) string {
	switch same, opened := kept[name]; {
	case !opened:
		return ""
	case same:
		return ", native socket kept"
	}
	return ", a new native socket"
}

func same(before, after string) string {
	if before == after {
		return "the same"
	}
	return "another"
}
