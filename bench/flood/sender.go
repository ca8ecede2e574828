package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

//go:embed sender.py
var script string

// report is what sender.py says.
type report struct {
	First   int     // the messages sent before the first that had to block
	Sent    int     // in all
	Blocked int     // sends that ZeroMQ answered with EAGAIN
	Waited  float64 // seconds in sends that blocked
	Longest float64 // the longest of them
	Seconds float64 // in all
}

// sender is a running sender.py.
type sender struct {
	cmd    *exec.Cmd
	lines  *bufio.Scanner
	stderr bytes.Buffer
}

// startSender starts a Python that floods endpoint. It does not outlive ctx.
func startSender(ctx context.Context, endpoint string, seconds time.Duration, size int) (*sender, error) {
	python := os.Getenv("SOCKEYE_PYTHON")
	if python == "" {
		python = "/usr/bin/python3"
	}
	s := &sender{cmd: exec.CommandContext(ctx, python, "-c", script,
		endpoint, fmt.Sprint(seconds.Seconds()), strconv.Itoa(size))}
	s.cmd.Stderr = &s.stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.lines = bufio.NewScanner(out)
	return s, s.cmd.Start()
}

// stopped waits until the sender has stopped sending. What it sent may still be under way.
func (s *sender) stopped() (r report, err error) {
	for r.Seconds == 0 && s.lines.Scan() {
		if err := json.Unmarshal(s.lines.Bytes(), &r); err != nil {
			return r, err
		}
	}
	if r.Seconds == 0 {
		return r, fmt.Errorf("the sender has ended early: %v\n%s", s.cmd.Wait(), &s.stderr)
	}
	return r, nil
}

// ended waits until ZeroMQ has sent everything and the process is gone.
func (s *sender) ended() error {
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("the sender: %w\n%s", err, &s.stderr)
	}
	return nil
}
