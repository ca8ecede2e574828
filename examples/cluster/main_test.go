package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

const asStage = "CLUSTER_STAGE"

// TestMain is a stage where the environment says so.
func TestMain(m *testing.M) {
	how := strings.Split(os.Getenv(asStage), "\n")
	if len(how) != 4 {
		rig.Main(m)
	}
	n, _ := strconv.Atoi(how[3])
	s := stage{role: how[0], dir: how[1], peers: parsePeers(how[2]), n: n}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	if err := s.run(ctx, os.Stdout); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func TestPipeline(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithTimeout(t.Context(), 9*rig.Patience)
	defer cancel()
	var out bytes.Buffer
	const n = 5000
	err := run(ctx, n, &out, func(role, dir, peers string) (*exec.Cmd, error) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), asStage+"="+strings.Join([]string{role, dir, peers, strconv.Itoa(n)}, "\n"))
		return cmd, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("the squares from 1 to %d are %d together\n", n, n*(n+1)*(2*n+1)/6); !strings.Contains(out.String(), want) {
		t.Errorf("%s, want %s", &out, want)
	}
}
