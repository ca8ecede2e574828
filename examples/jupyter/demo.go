package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"
)

// demonstrate does to a kernel what there is to do, and prints it.
func demonstrate(ctx context.Context, cfg config, out io.Writer) (err error) {
	t := timed(out)
	running := make(chan struct{}, 1)
	t.answers, t.watch = []string{"Ada"}, func(o *Output) {
		if strings.HasPrefix(o.Text, "running") {
			running <- struct{}{}
		}
	}
	d, err := open(cfg, t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	for _, scene := range []struct {
		what string
		play func(context.Context, <-chan struct{}) error
	}{
		{"a cell has a result", d.runs("x = 6\nx * 7", Limit{})},
		{"another prints, bit by bit", d.runs(counting, Limit{})},
		{"another fails", d.runs("def half(n):\n    return 1 / n\nhalf(0)", Limit{})},
		{"another asks", d.runs("name = input('your name? ')\nprint('hello', name)", Limit{})},
		{"another prints more than is wanted", d.runs("for i in range(100_000): print(i, end=' ')", Limit{Bytes: 50})},
		{"another does not end, and is interrupted", d.interrupted},
		{"another does not end, and the kernel is killed: kill -9", d.struck(syscall.SIGKILL)},
		{"the kernel is another: x is gone", d.runs("x", Limit{})},
		{"another does not end, and the kernel is stopped: it answers no heartbeat", d.struck(syscall.SIGSTOP)},
		{"cells that follow run in the next", d.runs("print('as ever')", Limit{})},
		{"somebody without the key publishes something", d.forged},
	} {
		d.say(">", scene.what)
		if err := scene.play(ctx, running); err != nil {
			return fmt.Errorf("%s: %w", scene.what, err)
		}
	}
	return nil
}

const (
	counting = `import time
for n in range(3):
    print(n, flush=True)
    time.sleep(0.3)`
	endless = `import time
print('running')
while True: time.sleep(0.01)`
	// forging signs a message with another key than the kernel's.
	forging = `k = get_ipython().kernel
key, k.session.key = k.session.key, b'another'
k.session.send(k.iopub_socket, 'stream', {'name': 'stdout', 'text': 'forged'}, parent=k.get_parent())
k.session.key = key
print('honest')`
)

// runs is a scene in which a cell runs, however it ends.
func (d *desk) runs(code string, limit Limit) func(context.Context, <-chan struct{}) error {
	return func(ctx context.Context, _ <-chan struct{}) error {
		_, err := d.execute(ctx, code, limit)
		return err
	}
}

// meanwhile runs the endless cell, and what is to be done to it once it prints.
func (d *desk) meanwhile(ctx context.Context, running <-chan struct{}, do func() error) error {
	ended := make(chan error, 1)
	go func() {
		_, err := d.execute(ctx, endless, Limit{})
		ended <- err
	}()
	select {
	case <-running:
	case err := <-ended:
		return err
	}
	err := do()
	return errors.Join(err, <-ended)
}

func (d *desk) interrupted(ctx context.Context, running <-chan struct{}) error {
	return d.meanwhile(ctx, running, func() error { return d.interrupt(ctx) })
}

// struck is a scene in which the kernel gets a signal that it does not survive. That the cell is lost is what
// is to be seen.
func (d *desk) struck(by syscall.Signal) func(context.Context, <-chan struct{}) error {
	return func(ctx context.Context, running <-chan struct{}) error {
		began := time.Now()
		err := d.meanwhile(ctx, running, func() error {
			s, err := d.state(ctx)
			if err != nil {
				return err
			}
			began = time.Now()
			return syscall.Kill(s.Pid, by)
		})
		var lost *lostError
		if !errors.As(err, &lost) {
			return errors.Join(err, fmt.Errorf("the cell was to be lost by %v", by))
		}
		d.say("client", fmt.Sprintf("knew that after %v", time.Since(began).Round(time.Millisecond)))
		return nil
	}
}

func (d *desk) forged(ctx context.Context, _ <-chan struct{}) error {
	if _, err := d.execute(ctx, forging, Limit{}); err != nil {
		return err
	}
	s, err := d.state(ctx)
	if err != nil {
		return err
	}
	d.say("client", fmt.Sprintf("messages with a wrong signature: %d", s.Forged))
	return nil
}

// report prints how a cell has ended, unless all is well.
func (d *desk) report(o *Outcome) {
	if o.Omitted != (Omitted{}) {
		d.say("omitted", fmt.Sprintf("%d pieces, %d bytes", o.Omitted.Pieces, o.Omitted.Bytes))
	}
	if o.TooLarge > 0 {
		d.say("too large", fmt.Sprintf("%d messages", o.TooLarge))
	}
	if o.End != Idle {
		d.say("lost", "in a flood of output the end of the cell, and perhaps more of its output")
	}
	if o.Err != nil {
		d.say("error", o.Err.Error())
	}
}
