package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What is not there is not tried again.
func TestNoKernel(t *testing.T) {
	cfg := quick(t)
	cfg.Spec.Argv = []string{filepath.Join(t.TempDir(), "nothing")}
	l := startLab(t, cfg)
	_, err := l.try(&Execute{Code: "1"})
	var gone *goneError
	if start := new(startError); !errors.As(err, &gone) || !errors.As(err, &start) || !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if s := l.now(); s.Life != 1 || s.Up {
		t.Errorf("%+v", s)
	}
}

// One that ends at once, or does not come up, is tried so often; then everybody is told, with its last words.
func TestGivenUp(t *testing.T) {
	for name, argv := range map[string][]string{
		"ends":  {"sh", "-c", "echo 'no such kernel' >&2; exit 3"},
		"hangs": {"sh", "-c", "sleep 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := quick(t)
			cfg.Spec.Argv, cfg.Startup, cfg.Restart.Retries = argv, 200*time.Millisecond, 2
			if name == "ends" {
				cfg.Startup = long
			}
			l := startLab(t, cfg)
			waiting := []<-chan result{l.begin("1"), l.begin("2")}
			for _, w := range waiting {
				r := await(t, "the end", w, any1)
				var gone *goneError
				if !errors.As(r.err, &gone) {
					t.Fatalf("%+v", r)
				}
				died, start := new(diedError), new(startError)
				if name == "ends" && (!errors.As(gone, &died) || died.how != "exit status 3" || died.words != "no such kernel\n") {
					t.Error(gone)
				}
				if name == "hangs" && (!errors.As(gone, &start) || !strings.Contains(start.Error(), "not ready within 200ms")) {
					t.Error(gone)
				}
			}
			if s := l.now(); s.Life != 3 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// Asked to end, a kernel does so by itself, and cells find none.
func TestShutdown(t *testing.T) {
	l := startLab(t, quick(t))
	name := filepath.Join(t.TempDir(), "left")
	well(t, l.run("import atexit, os\natexit.register(os.mkdir, '"+name+"')"))
	if _, err := l.call(Shutdown{}); err != nil {
		t.Error(err)
	}
	if !exists(name) {
		t.Error("it was killed")
	}
	if _, err := l.try(&Execute{Code: "1"}); !errors.Is(err, errShutDown) {
		t.Error(err)
	}
}

// One that does not end by itself is killed, and the cell that runs is told.
func TestShutdownBusy(t *testing.T) {
	l := startLab(t, quick(t))
	running := l.forever()
	s := l.now()
	if _, err := l.call(Shutdown{}); err != nil {
		t.Error(err)
	}
	if err := l.lost(running, 1); !errors.Is(err, errShutDown) {
		t.Error(err)
	}
	if runs(s.Pid) {
		t.Errorf("process %d is still there", s.Pid)
	}
}

// One that answers nothing any more is killed, and nobody begins another life.
func TestShutdownSilent(t *testing.T) {
	cfg := quick(t)
	cfg.Beat = 200 * time.Millisecond
	l := startLab(t, cfg)
	well(t, l.run("'well'"))
	s := l.now()
	if err := syscall.Kill(s.Pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if _, err := l.call(Shutdown{}); err != nil {
		t.Error(err)
	}
	if now := l.now(); now.Life != s.Life || runs(s.Pid) {
		t.Errorf("%+v, then %+v", s, now)
	}
}

// By message, where the kernelspec says so.
func TestInterruptByMessage(t *testing.T) {
	cfg := quick(t)
	cfg.Spec.InterruptMode = byMessage
	l := startLab(t, cfg)
	testInterrupt(t, l)
	testInterruptAtOnce(t, l)
}

// Nobody else may read the key.
func TestConnectionFile(t *testing.T) {
	conn, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(conn.dir) })
	for name, mode := range map[string]os.FileMode{conn.dir: fs.ModeDir | 0o700, conn.file: 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode() != mode {
			t.Error(info, err)
		}
	}
	b, err := os.ReadFile(conn.file)
	if err != nil {
		t.Fatal(err)
	}
	var content struct{ Transport, IP, Key string }
	if err := json.Unmarshal(b, &content); err != nil || content.Transport != "ipc" || len(content.Key) != 64 || content.Key != string(conn.key) {
		t.Error(content, err)
	}
	other, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(other.dir) })
	if bytes.Equal(conn.key, other.key) || conn.dir == other.dir {
		t.Error("the same again")
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), strings.Repeat("x", 100)))
	if err := os.Mkdir(os.Getenv("TMPDIR"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := connect(); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Error(err)
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Error(left)
	}
}

func TestSpec(t *testing.T) {
	for content, ok := range map[string]bool{
		`{"argv": ["a", "{connection_file}"], "interrupt_mode": "message", "env": {"A": "B"}}`: true,
		`{"argv": ["a"]}`: true, `{"argv": []}`: false, `{}`: false, `{"argv": ["a"], "interrupt_mode": "loud"}`: false, `[`: false,
	} {
		name := filepath.Join(t.TempDir(), "kernel.json")
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := readSpec(name)
		if (err == nil) != ok {
			t.Errorf("%s: %v", content, err)
		}
		if len(s.Env) > 0 {
			cmd := s.command(&connection{file: "/the/file"})
			if cmd.Args[1] != "/the/file" || cmd.Env[len(cmd.Env)-1] != "A=B" {
				t.Error(cmd.Args, cmd.Env)
			}
		}
	}
	if _, err := readSpec("/nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
