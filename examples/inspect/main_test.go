package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/inspect"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

// The page is there, everybody is on it, and what is to go wrong goes wrong and is mended.
func TestInspect(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	said, out := io.Pipe()
	ended := make(chan error, 1)
	opened := make(chan string, 1)
	cfg := config{addr: "127.0.0.1:0", open: func(url string) { opened <- url }, crowd: 600, trouble: 30 * time.Millisecond}
	go func() { ended <- errors.Join(run(ctx, cfg, out), out.Close()) }()
	line := make([]byte, 200)
	n, err := said.Read(line)
	url, _, ok := strings.Cut(string(line[:n]), " ")
	if err != nil || !ok || <-opened != url {
		t.Fatal(string(line[:n]), err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	rig.Until(t, "everything has happened", func() bool {
		var all inspect.Snapshot
		res, err := client.Get(url + "api/snapshot")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if err := json.NewDecoder(res.Body).Decode(&all); err != nil {
			t.Fatal(err)
		}
		return seen(all)
	})
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	client.CloseIdleConnections()
}

// seen reports whether a snapshot has all that the demo is to show.
func seen(all inspect.Snapshot) bool {
	is := map[string]bool{"everybody": len(all.Sockets) > 600, "two threads": len(all.Threads) == 2}
	for _, s := range all.Sockets {
		is["failed"] = is["failed"] || s.State == "failed"
		is["tripped"] = is["tripped"] || s.ID == "lab/fuse" && s.State == "tripped"
		is["answers"] = is["answers"] || s.ID == "shop/desk" && s.Delivered > 10
		is["prices"] = is["prices"] || strings.HasPrefix(s.ID, "market/viewer") && s.Delivered > 0
		is["work"] = is["work"] || strings.HasPrefix(s.ID, "mill/worker") && s.Delivered > 0
	}
	for _, s := range all.Gone {
		is["for good"] = is["for good"] || s.Reason != ""
		is["went away"] = is["went away"] || strings.HasPrefix(s.ID, "market/viewer") && s.Reason == ""
	}
	n := 0
	for _, yes := range is {
		if yes {
			n++
		}
	}
	return n == 9
}

// It stops by itself.
func TestFor(t *testing.T) {
	rig.Leaks(t)
	if err := run(t.Context(), config{addr: "127.0.0.1:0", span: time.Millisecond, trouble: time.Second}, io.Discard); err != nil {
		t.Error(err)
	}
}

// Where the page cannot be, nothing is left.
func TestNoAddress(t *testing.T) {
	rig.Leaks(t)
	if err := run(t.Context(), config{addr: "127.0.0.1:no"}, io.Discard); err == nil {
		t.Error("no error")
	}
}
