package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/cluster/embedded"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

const asMember = "FAILOVER_MEMBER"

// TestMain is a member where the environment says so.
func TestMain(m *testing.M) {
	name := os.Getenv(asMember)
	if name == "" {
		rig.Main(m)
	}
	ttl, _ := time.ParseDuration(os.Getenv("FAILOVER_TTL"))
	who := member{name: name, etcd: strings.Split(os.Getenv("FAILOVER_ETCD"), ","), ttl: ttl}
	who.seat = embedded.Config{Dir: os.Getenv("FAILOVER_DIR"), Name: name, ClientURL: os.Getenv("FAILOVER_CLIENT"), Peers: parsePeers(os.Getenv("FAILOVER_PEERS"))}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	if err := who.serve(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func processes(ttl time.Duration) func(name string, etcd []string, at embedded.Config) (*exec.Cmd, error) {
	return func(name string, etcd []string, at embedded.Config) (*exec.Cmd, error) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), asMember+"="+name, "FAILOVER_ETCD="+strings.Join(etcd, ","), "FAILOVER_TTL="+ttl.String(),
			"FAILOVER_DIR="+at.Dir, "FAILOVER_CLIENT="+at.ClientURL, "FAILOVER_PEERS="+printPeers(at.Peers))
		return cmd, nil
	}
}

// Every owner that is killed has a successor with a higher token, and no answer is an old owner's.
func TestFailover(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithTimeout(t.Context(), 9*rig.Patience)
	defer cancel()
	var out bytes.Buffer
	err := run(ctx, config{kills: 3, clients: 8, ttl: 2 * time.Second, member: processes(2 * time.Second)}, &out)
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

// The owner's etcd dies with it, which may have led the group. The other two go on.
func TestGroup(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithTimeout(t.Context(), 9*rig.Patience)
	defer cancel()
	var out bytes.Buffer
	if err := run(ctx, config{kills: 2, clients: 4, ttl: 2 * time.Second, group: true, member: processes(2 * time.Second)}, &out); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	if !strings.Contains(out.String(), "\n   2  ") || !strings.Contains(out.String(), "\n0 replies were wrong") {
		t.Error(out.String())
	}
}

// An owner that leaves has a successor before its lease would have ended, and costs no more requests than were on
// the wire.
func TestLeave(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithTimeout(t.Context(), 9*rig.Patience)
	defer cancel()
	var out bytes.Buffer
	if err := run(ctx, config{kills: 3, clients: 4, ttl: 10 * time.Second, leave: true, member: processes(10 * time.Second)}, &out); err != nil {
		t.Fatal(err)
	}
	var stops int
	for line := range strings.Lines(out.String()) {
		var n, before, token, failed int
		var owner, next, after string
		if k, _ := fmt.Sscanf(line, "%d %s %d %s %d %s %d", &n, &owner, &before, &next, &token, &after, &failed); k == 7 {
			stops++
			if took, err := time.ParseDuration(after); err != nil || took > 5*time.Second || failed > 4 {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	if stops != 3 || !strings.Contains(out.String(), "\n0 replies were wrong") {
		t.Error(out.String())
	}
}

// Interrupted, it stops what it has started.
func TestInterrupted(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := run(ctx, config{kills: 1000, clients: 2, ttl: 2 * time.Second, member: processes(2 * time.Second)}, io.Discard); err == nil {
		t.Error("1,000 kills in 3 s?")
	}
}
