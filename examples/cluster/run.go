package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/asynkron/protoactor-go/actor"
)

var roles = []string{"source", "worker", "sink"}

// run starts the three processes in some order and stops them when the sink has its sum.
func run(ctx context.Context, n int, out io.Writer, process func(role, dir, peers string) (*exec.Cmd, error)) (err error) {
	dir, err := os.MkdirTemp("", "cluster")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	peers, err := pickPeers()
	if err != nil {
		return err
	}
	lines := make(chan string)
	ended := make(chan error, len(roles))
	var all []*exec.Cmd
	defer func() {
		for _, cmd := range all { // one by one: each hands what its etcd leads to those that are left
			cmd.Process.Signal(syscall.SIGTERM)
			for waiting := true; waiting; {
				select {
				case <-lines:
				case e := <-ended:
					err, waiting = errors.Join(err, e), false
				}
			}
		}
	}()
	for _, i := range rand.Perm(len(roles)) {
		cmd, err := process(roles[i], filepath.Join(dir, roles[i]), peers)
		if err != nil {
			return err
		}
		words, err := cmd.StdoutPipe()
		if err != nil {
			return err
		}
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			return err
		}
		all = append(all, cmd)
		go follow(words, lines, func() { ended <- cmd.Wait() })
	}
	for {
		select {
		case line := <-lines:
			fmt.Fprintln(out, line)
			if strings.HasPrefix(line, "the squares") {
				return nil
			}
		case err := <-ended:
			ended <- err
			return fmt.Errorf("a process has ended: %v", err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func follow(words io.Reader, lines chan<- string, end func()) {
	for s := bufio.NewScanner(words); s.Scan(); {
		lines <- s.Text()
	}
	end()
}

// pickPeers finds ports for the etcds. Somebody else may take one before they do; then it has to be run again.
func pickPeers() (string, error) {
	var all []string
	for _, role := range roles {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", err
		}
		defer l.Close()
		all = append(all, role+"=http://"+l.Addr().String())
	}
	return strings.Join(all, ","), nil
}

func parsePeers(text string) map[string]string {
	peers := map[string]string{}
	for _, p := range strings.Split(text, ",") {
		name, url, _ := strings.Cut(p, "=")
		peers[name] = url
	}
	return peers
}

// quiet keeps what is not an error out of the log.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}
