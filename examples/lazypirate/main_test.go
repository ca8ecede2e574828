package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

// With this seed the server has every mood within so many requests.
var tried = config{requests: 8, patience: 250 * time.Millisecond, retries: 3, seed: 7}

func TestLazyPirate(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*rig.Patience)
	defer cancel()
	var out bytes.Buffer
	err := run(ctx, tried, &out)
	if err != nil || testing.Verbose() {
		os.Stdout.Write(out.Bytes())
	}
	if err != nil {
		t.Fatal(err)
	}
	// What must be in the output, in this order; other lines may come between.
	story := []string{"8 requests, seed 7\n"}
	for n, mood := range moods(tried.seed, tried.requests) {
		story = append(story, fmt.Sprintf("client  asks %d\n", n), fmt.Sprintf("server  gets %d, %s\n", n, mood))
		switch mood {
		case gone:
			for try := range tried.retries {
				story = append(story, fmt.Sprintf("no reply within 250ms, try %d: again, on a new socket\n", try+1))
			}
			story = append(story, fmt.Sprintf("client  gives up %d: ", n), "no reply within 250ms, tried 4 times\n")
			continue
		case crashing:
			story = append(story, "no reply within 250ms, try 1", fmt.Sprintf("server  gets %d again\n", n))
		case overloaded:
			story = append(story, "no reply within 250ms, try 1")
		}
		story = append(story, fmt.Sprintf("client  gets a reply to %d: %d squared is %d\n", n, n, n*n))
	}
	story = append(story, "8 requests, 7 answered, 1 given up, ")
	rest := out.String()
	for _, want := range story {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("does not say %q, or not where it should:\n%s", want, &out)
		}
		rest = after
	}
}

func TestMoods(t *testing.T) {
	all := moods(tried.seed, tried.requests)
	for _, mood := range []mood{well, overloaded, crashing, gone} {
		if !slices.Contains(all, mood) {
			t.Errorf("never %s: %q", mood, all)
		}
	}
	if again := moods(tried.seed, tried.requests); !reflect.DeepEqual(all, again) {
		t.Errorf("%q, then %q", all, again)
	}
	if other := moods(tried.seed+1, tried.requests); reflect.DeepEqual(all, other) {
		t.Errorf("%q whatever the seed", all)
	}
	for requests := 3; requests < 20; requests++ {
		if m := moods(1, requests); m[requests/2] != gone || m[requests/2+1] != well {
			t.Errorf("%d requests: %q", requests, m)
		}
	}
}

// Interrupted, it stops what it has started.
func TestInterrupted(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, tried, io.Discard); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestFlags(t *testing.T) {
	for cfg, ok := range map[config]bool{
		{requests: 3, patience: 1, retries: 1}: true,
		{requests: 2, patience: 1, retries: 1}: false,
		{requests: 3, patience: 0, retries: 1}: false,
		{requests: 3, patience: 1, retries: 0}: false,
	} {
		if err := cfg.check(); (err == nil) != ok {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}
