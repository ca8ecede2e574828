package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

// TestMain is a titanic where the environment says so, which may crash at a point of its own choice.
func TestMain(m *testing.M) {
	dir := os.Getenv("TITANIC_DIR")
	if dir == "" {
		rig.Main(m)
	}
	left, _ := strconv.Atoi(os.Getenv("TITANIC_NTH"))
	interval := beat
	if os.Getenv("TITANIC_BROKER") == guideBroker {
		interval = guideBeat
	}
	err := serve(context.Background(), serverConfig{broker: os.Getenv("TITANIC_BROKER"), dir: dir, heartbeat: interval,
		timeout: 100 * beat, ready: func() { fmt.Println("ready") }, step: func(point string) {
			if point != os.Getenv("TITANIC_POINT") {
				return
			}
			if left--; left == 0 { // the store has its lock: nobody else is here
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}})
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// titanicEnv has this test program be a titanic.
func titanicEnv(broker, dir, point string, nth int) []string {
	return []string{"TITANIC_BROKER=" + broker, "TITANIC_DIR=" + dir, "TITANIC_POINT=" + point, fmt.Sprint("TITANIC_NTH=", nth)}
}

// titanic is what the demonstration starts.
func titanic(broker, dir string) (*exec.Cmd, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), titanicEnv(broker, dir, "", 0)...)
	cmd.Stderr = os.Stderr
	return cmd, nil
}

func TestTitanic(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithTimeout(t.Context(), 6*rig.Patience)
	defer cancel()
	var out bytes.Buffer
	err := run(ctx, config{requests: 40, kills: 6, titanic: titanic}, &out)
	if err != nil || testing.Verbose() {
		os.Stdout.Write(out.Bytes())
	}
	if err != nil {
		t.Fatal(err)
	}
	var stored, kills, right, got int
	if _, err := fmt.Sscanf(out.String(), "%d requests acknowledged, by titanics that were killed %d times\n%d replies fetched and right\nthe worker got %d requests",
		&stored, &kills, &right, &got); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	// Each kill can cost one acknowledgement and one reply, or the broker's second try of either.
	if stored != 40 || right != 40 || kills != 7 || got < 40 || got > 40+4*kills {
		t.Error(out.String())
	}
}

// Interrupted, it stops what it has started.
func TestInterrupted(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, config{requests: 4, kills: 1, titanic: titanic}, io.Discard); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestRecord(t *testing.T) {
	for _, all := range [][][]byte{nil, {{}}, {[]byte("a"), {}, []byte("bc")}} {
		b := record(all)
		got, err := frames(b)
		if err != nil || !bytes.Equal(record(got), b) || len(got) != len(all) {
			t.Errorf("%q became %q: %v", all, got, err)
		}
		for i := range b {
			torn := bytes.Clone(b)
			torn[i] ^= 1
			if _, err := frames(torn); !errors.Is(err, errCorrupt) {
				t.Errorf("%q, wrong at %d: %v", all, i, err)
			}
			if _, err := frames(b[:i]); !errors.Is(err, errCorrupt) {
				t.Errorf("%q, cut at %d: %v", all, i, err)
			}
		}
	}
}

// Whatever is in a file, it is what was written, or errCorrupt: with a checksum that is right, too.
func FuzzRecord(f *testing.F) {
	f.Add(record(nil), true)
	f.Add(record([][]byte{[]byte("echo"), {}})[8:], true)
	f.Add([]byte(magic), false)
	f.Fuzz(func(t *testing.T, b []byte, sealed bool) {
		if sealed {
			head := binary.BigEndian.AppendUint32([]byte(magic), crc32.Checksum(b, castagnoli))
			b = append(head, b...)
		}
		all, err := frames(b)
		if err != nil && !errors.Is(err, errCorrupt) || err == nil && !bytes.Equal(record(all), b) {
			t.Fatalf("%q: %q, %v", b, all, err)
		}
	})
}
