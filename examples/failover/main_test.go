package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

const asMember = "FAILOVER_MEMBER"

// TestMain is a member where the environment says so.
func TestMain(m *testing.M) {
	name := os.Getenv(asMember)
	if name == "" {
		rig.Main(m)
	}
	who := member{name: name, etcd: strings.Split(os.Getenv("FAILOVER_ETCD"), ","), ttl: 2 * time.Second}
	fmt.Fprintln(os.Stderr, who.serve(context.Background()))
	os.Exit(1)
}

func processes(name string, etcd []string) (*exec.Cmd, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asMember+"="+name, "FAILOVER_ETCD="+strings.Join(etcd, ","))
	return cmd, nil
}

// Every owner that is killed has a successor with a higher token, and no answer is an old owner's.
func TestFailover(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithTimeout(t.Context(), 9*rig.Patience)
	defer cancel()
	var out bytes.Buffer
	err := run(ctx, config{kills: 3, clients: 8, ttl: 2 * time.Second, member: processes}, &out)
	if err != nil || testing.Verbose() {
		os.Stdout.Write(out.Bytes())
	}
	if err != nil {
		t.Fatal(err)
	}
	var last, kills int
	for line := range strings.Lines(out.String()) {
		var n, before, token int
		var owner, next string
		if k, _ := fmt.Sscanf(line, "%d %s %d %s %d", &n, &owner, &before, &next, &token); k == 5 {
			if kills++; before < last || token <= before || owner == next {
				t.Errorf("token %d of %s, then %d of %s, then %d of %s", last, owner, before, owner, token, next)
			}
			last = token
		}
	}
	if kills != 3 || !strings.Contains(out.String(), "\n0 replies were wrong") {
		t.Error(out.String())
	}
}

// Interrupted, it stops what it has started.
func TestInterrupted(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := run(ctx, config{kills: 1000, clients: 2, ttl: 2 * time.Second, member: processes}, io.Discard); err == nil {
		t.Error("1,000 kills in 3 s?")
	}
}
