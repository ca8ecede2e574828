package main

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// process is the actor that has the kernel's process: it starts it, signals it, tells its parent when it
// has ended, and leaves neither it nor its folder behind. It does not restart it: a kernel that is
// started again wants new sockets as well, so that is its parent's life.
type process struct {
	life int
	spec spec
	conn *connection

	cmd   *exec.Cmd
	words *tail
	done  chan struct{} // closed when it is waited for; nil: not started

	mu    sync.Mutex
	ended bool // guarded by mu: its number may be another's by now
}

// To and from a process.
type (
	// started tells the parent its process id.
	started struct{ life, pid int }
	// exited tells the parent that it has ended, or did not start.
	exited struct {
		life int
		err  error // *startError, *diedError
	}
	// strike is for the process and its children.
	strike struct{ with syscall.Signal }
)

func (p *process) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		if err := p.start(c); err != nil {
			c.Send(c.Parent(), exited{p.life, &startError{err: err}})
			return
		}
		c.Send(c.Parent(), started{p.life, p.cmd.Process.Pid})
	case strike:
		p.strike(m.with)
	case *actor.Stopping, *actor.Restarting:
		p.end(c)
	}
}

func (p *process) start(c actor.Context) error {
	p.words = &tail{}
	p.cmd = p.spec.command(p.conn)
	p.cmd.Stdout, p.cmd.Stderr = p.words, p.words
	p.cmd.WaitDelay = time.Second                           // for children that keep its stdout open
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it starts ends with it, and ^C is ours
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.done = make(chan struct{})
	go p.wait(c.ActorSystem().Root, c.Parent())
	return nil
}

// wait waits for its end. Its children are killed before its number can go to somebody else.
func (p *process) wait(root *actor.RootContext, parent *actor.PID) {
	defer close(p.done)
	pid := p.cmd.Process.Pid
	if hasEnded(pid) {
		p.mu.Lock()
		syscall.Kill(-pid, syscall.SIGKILL)
		p.ended = true
		p.mu.Unlock()
	}
	p.cmd.Wait()
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	root.Send(parent, exited{p.life, &diedError{pid, p.cmd.ProcessState.String(), p.words.String()}})
}

func (p *process) strike(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done != nil && !p.ended {
		syscall.Kill(-p.cmd.Process.Pid, s)
	}
}

// end kills what is there, also if it is stopped (SIGSTOP), and removes the folder.
func (p *process) end(c actor.Context) {
	if p.done != nil {
		p.strike(syscall.SIGKILL)
		ctx, cancel := context.WithTimeout(context.Background(), enough)
		defer cancel()
		select {
		case <-p.done:
		case <-ctx.Done():
			c.Logger().Error("the kernel does not end", slog.Int("pid", p.cmd.Process.Pid))
		}
	}
	if err := os.RemoveAll(p.conn.dir); err != nil {
		c.Logger().Error("the kernel's folder stays", slog.Any("error", err))
	}
}

// tail keeps the last of what is written to it.
type tail struct {
	mu   sync.Mutex
	last []byte // guarded by mu
}

const maxWords = 2048 // bytes

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, b[max(0, len(b)-maxWords):]...)
	if over := len(t.last) - maxWords; over > 0 {
		t.last = append(t.last[:0], t.last[over:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.last)
}
