package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// perf is libzmq's own perf tools: LIBZMQ_PERF names the directory of the built programs.
const perf = "LIBZMQ_PERF"

var errNoTools = errors.New("absent: " + perf + " is not set")

var (
	throughput = regexp.MustCompile(`mean throughput: (\d+) \[msg/s\]`)
	latency    = regexp.MustCompile(`average latency: ([\d.]+) \[us\]`)
)

// withTools measures with libzmq's tools. They check sizes only, no contents.
func withTools(ctx context.Context, s *scenario, e entry, at string) (values, error) {
	dir := os.Getenv(perf)
	if dir == "" {
		return nil, errNoTools
	}
	size, n := strconv.Itoa(s.size), strconv.Itoa(e.n)
	tool := func(name string, args ...string) *exec.Cmd {
		return exec.CommandContext(ctx, filepath.Join(dir, name), args...)
	}
	switch {
	case s.kind == moving && !s.apart:
		v, err := find(throughput, "inproc_thr")(tool("inproc_thr", size, n).Output())
		return values{"": v}, err
	case s.kind == moving:
		out, _, err := localAndRemote(ctx, tool("local_thr", at, size, n), at,
			func(at string) *exec.Cmd { return tool("remote_thr", at, size, n) })
		v, err := find(throughput, "local_thr")(out, err)
		return values{"": v}, err
	case s.kind == asking:
		_, out, err := localAndRemote(ctx, tool("local_lat", at, size, n), at,
			func(at string) *exec.Cmd { return tool("remote_lat", at, size, n) })
		v, err := find(latency, "remote_lat")(out, err)
		return values{"mean": 2 * v}, err // it reports half a round trip
	}
	return nil, errors.New("libzmq has no tool for this")
}

// find finds what a tool has measured in its output.
func find(what *regexp.Regexp, tool string) func([]byte, error) (float64, error) {
	return func(out []byte, err error) (float64, error) {
		if err != nil {
			return 0, fmt.Errorf("%s: %w: %s", tool, err, strings.TrimSpace(string(out)))
		}
		m := what.FindSubmatch(out)
		if m == nil {
			return 0, fmt.Errorf("%s says %q", tool, out)
		}
		return strconv.ParseFloat(string(m[1]), 64)
	}
}

// localAndRemote runs a pair of tools and returns what they print.
func localAndRemote(ctx context.Context, local *exec.Cmd, at string, remote func(at string) *exec.Cmd) (l, r []byte, err error) {
	var out bytes.Buffer
	local.Stdout = &out
	if err := local.Start(); err != nil {
		return nil, nil, err
	}
	if at, err = bindsAt(ctx, local.Process.Pid, at); err == nil {
		r, err = remote(at).Output()
	}
	if err != nil {
		local.Process.Kill()
		local.Wait()
		return out.Bytes(), r, err
	}
	err = local.Wait() // before its output is read
	return out.Bytes(), r, err
}

// bindsAt waits until a process is bound, and says where.
func bindsAt(ctx context.Context, pid int, at string) (string, error) {
	path, isIPC := strings.CutPrefix(at, "ipc://")
	if !isIPC {
		return awaitListener(pid, 10*time.Second)
	}
	for ctx.Err() == nil {
		if _, err := os.Stat(path); err == nil {
			return at, nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return "", ctx.Err()
}
