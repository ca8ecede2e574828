package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
)

// lost waits for the end of a cell whose kernel was lost, and returns why that was.
func (l *lab) lost(ended <-chan result, life int) error {
	l.t.Helper()
	r := await(l.t, "the end", ended, any1)
	var lost *lostError
	if !errors.As(r.err, &lost) || lost.life != life {
		l.t.Fatalf("%+v", r)
	}
	return lost.err
}

// Killed with kill -9, with a child of its own and a cell that waits: the one that runs gets an error at once,
// the other runs in the next kernel, the child ends, and so does the old folder.
func TestKilled(t *testing.T) {
	l := startLab(t, quick(t))
	o := l.run("import subprocess\nx = 1\np = subprocess.Popen(['sleep', '1000'])\nprint(p.pid)")
	child, err := strconv.Atoi(strings.TrimSpace(o.Text(Stdout)))
	if err != nil {
		t.Fatal(err)
	}
	for life := 1; life <= 3; life++ {
		before := l.folders()
		running := l.forever()
		next := l.begin("'x' in globals()")
		until(t, "the next waits", func() bool { return l.now().Waiting == 1 })
		s := l.now()
		if err := syscall.Kill(s.Pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		var died *diedError
		if err := l.lost(running, life); !errors.As(err, &died) || died.pid != s.Pid || died.how != "signal: killed" {
			t.Errorf("lost by %v", err)
		}
		r := await(t, "the next cell", next, any1)
		if r.err != nil || r.o.Text(Result) != "False" || r.o.Count != 1 {
			t.Errorf("%+v", r)
		}
		if now := l.now(); now.Life != life+1 || now.Pid == s.Pid || !now.Up {
			t.Errorf("%+v, then %+v", s, now)
		}
		if after := l.folders(); len(before) != 1 || len(after) != 1 || before[0] == after[0] {
			t.Errorf("%q, then %q", before, after)
		}
	}
	until(t, "the child is gone", func() bool { return !runs(child) })
}

func (l *lab) folders() []string {
	found, err := filepath.Glob(filepath.Join(l.dir, "jupyter*"))
	if err != nil {
		l.t.Fatal(err)
	}
	return found
}

// runs reports whether a process is there and no zombie, which waits for somebody else.
func runs(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := bytes.Cut(b, []byte(") "))
	return len(state) > 0 && state[0] != 'Z'
}

// Stopped, it answers no heartbeat. The old process is killed although it does not run.
func TestStopped(t *testing.T) {
	cfg := quick(t)
	cfg.Beat = time.Second
	l := startLab(t, cfg)
	running := l.forever()
	s := l.now()
	if err := syscall.Kill(s.Pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var silent *silentError
	if err := l.lost(running, s.Life); !errors.As(err, &silent) || silent.beats != 3 || silent.within != cfg.Beat {
		t.Errorf("lost by %v", err)
	}
	well(t, l.run("'well'"))
	if runs(s.Pid) {
		t.Errorf("process %d is still there", s.Pid)
	}
}

// A cell that is busy in C, with the interpreter's lock held, is no reason to give a kernel up.
func TestBusy(t *testing.T) {
	cfg := quick(t)
	cfg.Beat, cfg.Beats = 500*time.Millisecond, 6
	l := startLab(t, cfg)
	well(t, l.run("import re, time\nbegan = time.time()\nwhile time.time() - began < 5: re.match('(a+)+$', 'a' * 20 + 'b')\n"))
	if s := l.now(); s.Life != 1 {
		t.Errorf("%+v", s)
	}
}

// A socket that fails takes its life along: what it was to receive may be lost.
func TestSocketFails(t *testing.T) {
	cfg := quick(t)
	cfg.Restart.Retries = 2 * channels
	l := startLab(t, cfg)
	onPurpose := errors.New("on purpose")
	for i, name := range channelNames {
		running := l.forever()
		l.tell(l.part(name), &socket.Fail{Err: onPurpose})
		if err := l.lost(running, i+1); !errors.Is(err, onPurpose) || !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", name, err)
		}
		well(t, l.run("'well'"))
	}
	if s := l.now(); s.Life != channels+1 {
		t.Errorf("%+v", s)
	}
}

// A session that panics takes its life along, and no more.
func TestSessionFails(t *testing.T) {
	l := startLab(t, quick(t))
	running := l.forever()
	l.system.Root.Send(l.part("session"), run{}) // without anything to execute
	if err := l.lost(running, 1); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	well(t, l.run("'well'"))
}
