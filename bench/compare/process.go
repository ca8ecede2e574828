package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// process is this program with a job.
type process struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	stderr bytes.Buffer
	lines  chan line // closed when it has ended
}

// start starts a job, profiled if there is a directory for that. It does not outlive ctx.
func start(ctx context.Context, s *scenario, e entry, role, at, profiles string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{lines: make(chan line, 4), cmd: exec.CommandContext(ctx, self, "-role", role,
		"-scenario", s.name, "-subject", e.subject, "-n", strconv.Itoa(e.n), "-at", at, "-profile", profiles)}
	p.cmd.Stderr = &p.stderr
	if e.subject == channeler {
		// It takes EINTR for an error and stops, and the signals with which Go preempts cause that.
		p.cmd.Env = append(os.Environ(), "GODEBUG=asyncpreemptoff=1")
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.read(out)
	return p, nil
}

func (p *process) read(out io.Reader) {
	defer close(p.lines)
	for s := bufio.NewScanner(out); s.Scan(); {
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err == nil { // what is no JSON is somebody's chatter
			p.lines <- l
		}
	}
}

var errEndedEarly = errors.New("ended early")

// end lets the process end and waits for that.
func (p *process) end() error {
	p.stdin.Close()
	for range p.lines {
	}
	if err := p.cmd.Wait(); err != nil {
		return errors.New(reason(err, p.stderr.String()))
	}
	return nil
}

// early is why it has ended before it should have.
func (p *process) early() error {
	if err := p.end(); err != nil {
		return err
	}
	return errEndedEarly
}

// reason is the line of stderr that says most.
func reason(err error, stderr string) string {
	why := ""
	for l := range strings.Lines(stderr) {
		if l = strings.TrimSpace(l); l == "" {
			continue
		}
		if rest, ok := strings.CutPrefix(l, "FAIL: "); ok {
			return rest
		}
		if strings.HasPrefix(l, "panic:") || strings.HasPrefix(l, "fatal error:") {
			return l
		}
		why = l
	}
	if why == "" {
		return err.Error()
	}
	return fmt.Sprintf("%v: %s", err, why)
}

// inOne measures in one process.
func inOne(ctx context.Context, s *scenario, e entry, at, profiles string) (values, error) {
	p, err := start(ctx, s, e, alone, at, profiles)
	if err != nil {
		return nil, err
	}
	l, ok := <-p.lines
	if !ok {
		return nil, p.early()
	}
	return l.Values, p.end()
}

// inTwo measures between two processes: the one that binds, and the one that connects to it.
func inTwo(ctx context.Context, s *scenario, e entry, at, profiles string) (v values, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	binds, connects := receiver, sender
	if s.kind == asking {
		binds, connects = server, client
	}
	first, err := start(ctx, s, e, binds, at, profiles)
	if err != nil {
		return nil, err
	}
	where, ok := <-first.lines
	if !ok {
		return nil, first.early()
	}
	second, err := start(ctx, s, e, connects, where.At, profiles)
	if err != nil {
		cancel()
		first.end()
		return nil, err
	}
	measures, helps := first, second
	if s.kind == asking {
		measures, helps = second, first
	}
	select {
	case l, ok := <-measures.lines:
		if v = l.Values; !ok {
			cancel()
			return nil, blame(measures, helps)
		}
	case <-helps.lines:
		cancel()
		return nil, blame(helps, measures)
	}
	return v, errors.Join(second.end(), first.end())
}

// blame reports why the first of two has ended early; the other one was killed for it.
func blame(guilty, other *process) error {
	err := guilty.early()
	other.end()
	return err
}
