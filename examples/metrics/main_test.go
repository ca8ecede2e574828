package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

// start runs the example until the test is over, and returns where its metrics are.
func start(t *testing.T, cfg config) (url string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out := make(lines, 1)
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, cfg, out) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case line := <-out:
		return strings.TrimSpace(strings.TrimPrefix(line, "metrics at "))
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	case <-time.After(rig.Patience):
		t.Fatal("it does not say where")
	}
	return ""
}

// lines gives away what is written to it.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	client := http.Client{Timeout: rig.Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(all)
}

var sample = regexp.MustCompile(`(?m)^([a-z_]+)(?:\{(.*)\})? (\S+)$`)

// sums are the values of a page by name, and by name and label: `name{label="value"}`.
func sums(t *testing.T, page string) map[string]float64 {
	t.Helper()
	found := map[string]float64{}
	for _, m := range sample.FindAllStringSubmatch(page, -1) {
		v, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			t.Fatal(m[0], err)
		}
		found[m[1]] += v
		for label := range strings.SplitSeq(m[2], ",") {
			found[m[1]+"{"+label+"}"] += v
		}
	}
	return found
}

// moves must be more than nothing after a while: everything that the example is there to show.
var moves = []string{
	`messaging_client_sent_messages_total{sockeye_socket_type="PUSH"}`,
	`messaging_client_consumed_messages_total{sockeye_socket_type="PULL"}`,
	`messaging_client_operation_duration_seconds_count{messaging_operation_name="ask"}`,
	`messaging_client_operation_duration_seconds_count{error_type="timeout"}`,
	`sockeye_socket_io_bytes_total{network_io_direction="transmit"}`,
	`sockeye_socket_io_bytes_total{network_io_direction="receive"}`,
	`sockeye_socket_dropped_messages_total{sockeye_drop_reason="overflow"}`,
	`sockeye_socket_stalls_total{sockeye_socket_type="PULL"}`,
	`sockeye_socket_restarts_total{sockeye_socket_type="PUSH"}`,
	`sockeye_socket_reopens_total`,
	`sockeye_socket_handshake_failures_total{sockeye_socket_type="ROUTER"}`,
	`sockeye_socket_disconnects_total`,
	`sockeye_socket_peer_count`,
	`sockeye_socket_count{sockeye_socket_state="open"}`,
	`sockeye_thread_time_seconds_total{sockeye_thread_state="busy"}`,
	`sockeye_thread_time_seconds_total{sockeye_thread_state="idle"}`,
	`sockeye_thread_wakeups_total{sockeye_thread_id="zmq"}`,
}

func TestScrape(t *testing.T) {
	rig.Leaks(t)
	at := start(t, config{addr: "127.0.0.1:0"})
	for _, what := range moves {
		rig.Until(t, "there is some "+what, func() bool {
			status, page := get(t, at)
			return status == http.StatusOK && sums(t, page)[what] > 0
		})
	}
	_, page := get(t, at)
	if n := strings.Count(page, "\n"); n > 1000 {
		t.Errorf("%d lines for seven sockets", n)
	}
	if strings.Contains(page, "sockeye_socket_id=") {
		t.Error("a series for each socket")
	}
}

func TestPerSocket(t *testing.T) {
	rig.Leaks(t)
	at := start(t, config{addr: "127.0.0.1:0", perSocket: true})
	rig.Until(t, "six sockets have a series", func() bool {
		_, page := get(t, at)
		return strings.Count(page, "\nsockeye_socket_outbox_limit{") == 6 && strings.Contains(page, "sockeye_socket_id=")
	})
}

// It stops by itself, and says what is wrong with its address.
func TestFor(t *testing.T) {
	rig.Leaks(t)
	if err := run(t.Context(), config{addr: "127.0.0.1:0", length: 10 * time.Millisecond}, io.Discard); err != nil {
		t.Error(err)
	}
	if err := run(t.Context(), config{addr: "nowhere:-1"}, io.Discard); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Error(err)
	}
	if err := run(t.Context(), config{addr: "127.0.0.1:0"}, mute{}); !errors.Is(err, errMute) {
		t.Error(err)
	}
}

var errMute = errors.New("nobody reads it")

type mute struct{}

func (mute) Write([]byte) (int, error) { return 0, fmt.Errorf("write: %w", errMute) }
