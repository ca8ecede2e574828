package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/bench/internal/measure"
)

// elsewhere calls do while the same stream runs in another process. What is slower then is the
// machine's doing: two cores do not become more by dividing the work among threads. It is what the
// other lane has to be compared with.
func (l *lab) elsewhere(ctx context.Context, do func(context.Context) error) (*measure.Times, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "-only", "-size", strconv.Itoa(l.size>>10)+"KiB")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	times, err := l.whileItRuns(ctx, stdout, do)
	stdin.Close()
	if err != nil {
		cancel()
	}
	return times, errors.Join(err, cmd.Wait())
}

func (l *lab) whileItRuns(ctx context.Context, out io.Reader, do func(context.Context) error) (*measure.Times, error) {
	var word string
	if _, err := fmt.Fscanln(out, &word); err != nil {
		return nil, fmt.Errorf("the stream's process: %w", err)
	}
	return measure.Repeat(ctx, after(l.length), l.every, do)
}

// only is that other process: it says when the stream has begun, and ends with its stdin.
func only(cfg config) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	thread, err := zmqthread.Start(measure.System(), zmqthread.Config{})
	if err != nil {
		return err
	}
	s, err := newStream(ctx, thread, cfg.size, socket.Options{})
	if err != nil {
		return err
	}
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- s.run(ctx, stop) }()
	if err := s.arrive(ctx, 1); err != nil {
		return err
	}
	fmt.Println("streaming")
	io.Copy(io.Discard, os.Stdin)
	close(stop)
	return errors.Join(<-ended, thread.Shutdown(ctx))
}
