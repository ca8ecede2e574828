package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

// tree writes a directory with what is awkward: files in folders, empty ones, a word that is longer
// than a request, a line without an end, a symbolic link.
func tree(t *testing.T) (dir string, want counts) {
	dir = t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
		want.add(counts{1, int64(strings.Count(text, "\n")), int64(len(strings.Fields(text))), int64(len(text))})
	}
	write("empty", "")
	write("one word", strings.Repeat("x", 3*pieceSize))
	write("deep/er/lines", strings.Repeat("to be or not\tto be\r\n", 1<<16))
	write("no newline", "the end")
	for i := range 500 {
		write(filepath.Join("many", string(rune('a'+i%26)), strings.Repeat("n", 1+i/26)), strings.Repeat("a bc\n", i))
	}
	if err := os.Symlink(filepath.Join(dir, "one word"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	return dir, want
}

func TestKilledPoolCountsAll(t *testing.T) {
	rig.Leaks(t)
	dir, want := tree(t)
	files, err := list(t.Context(), dir, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	var r result
	p := newProgress(io.Discard, false)
	if err := r.byPool(t.Context(), config{workers: 3, kills: 0.4, seed: 1}, files, p); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d restarts, %d retried", r.restarts, r.retried)
	if r.pool != want || r.lost != 0 {
		t.Errorf("counted %+v, want %+v; %d requests lost", r.pool, want, r.lost)
	}
	if r.restarts == 0 || r.retried == 0 {
		t.Errorf("%d restarts, %d requests retried: nobody was killed", r.restarts, r.retried)
	}
	if loop, err := countInLoop(t.Context(), files); loop != want || err != nil {
		t.Errorf("the loop counted %+v, want %+v; error %v", loop, want, err)
	}
}

func TestRun(t *testing.T) {
	rig.Leaks(t)
	dir, _ := tree(t)
	for _, terminal := range []bool{false, true} {
		var out, bar bytes.Buffer
		if err := run(t.Context(), config{dir: dir, workers: 2, seed: 7}, &out, newProgress(&bar, terminal)); err != nil {
			t.Fatal(err)
		}
		for _, words := range []string{"504 files below " + dir, "2 workers, seed 7", "requests lost", "The totals are equal."} {
			if !strings.Contains(out.String(), words) {
				t.Errorf("did not say %q:\n%s", words, &out)
			}
		}
		if words := "504 files"; !strings.Contains(bar.String(), words) {
			t.Errorf("no progress to %q (terminal: %v):\n%s", words, terminal, &bar)
		}
	}
}

func TestReport(t *testing.T) {
	same, other := counts{1, 2, 3, 4}, counts{1, 2, 3, 5}
	for _, c := range []struct {
		result
		want error
	}{
		{result{pool: same, loop: same}, nil},
		{result{pool: same, loop: other}, errMismatch},
		{result{pool: other, loop: same, lost: 1}, errLost},
	} {
		if err := c.report(io.Discard); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", c.result, err, c.want)
		}
	}
}

// Wherever the cuts fall, the sums are those of the whole.
func TestCuts(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 1<<10)
	for i := range text {
		text[i] = "ab \n\tc"[dice.IntN(6)]
	}
	for range 200 {
		var r request
		var sum counts
		for left, before := text, []byte(nil); len(left) > 0; {
			n := 1 + dice.IntN(min(len(left), 16))
			r.add(left[:n], before)
			sum.add(count(left[:n]))
			left, before = left[n:], left[:n]
		}
		if got, want := r.total(sum), count(text); got != want {
			t.Fatalf("%+v, want %+v", got, want)
		}
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	rig.Leaks(t)
	dir, want := tree(t)
	files, err := list(t.Context(), dir, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	files = append([]file{{path: filepath.Join(dir, "gone"), size: 9}}, files...)
	var out bytes.Buffer
	var r result
	if err := r.byPool(t.Context(), config{workers: 1}, files, newProgress(&out, false)); err != nil {
		t.Fatal(err)
	}
	loop, err := countInLoop(t.Context(), files)
	if r.pool != want || loop != want || err != nil {
		t.Errorf("pool %+v, loop %+v, want %+v; error %v", r.pool, loop, want, err)
	}
	if words := "gone: no such file"; !strings.Contains(out.String(), words) {
		t.Errorf("did not say %q:\n%s", words, &out)
	}
}

func TestDirectories(t *testing.T) {
	rig.Leaks(t)
	quiet := newProgress(io.Discard, false)
	if err := run(t.Context(), config{dir: "/no/such", workers: 1}, io.Discard, quiet); !errors.Is(err, fs.ErrNotExist) {
		t.Error("no such directory:", err)
	}
	if err := run(t.Context(), config{dir: t.TempDir(), workers: 1}, io.Discard, quiet); err == nil || !strings.Contains(err.Error(), "no files below") {
		t.Error("empty directory:", err)
	}
	dir, _ := tree(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, config{dir: dir, workers: 1}, io.Discard, quiet); !errors.Is(err, context.Canceled) {
		t.Error("interrupted:", err)
	}
	if _, err := startPool(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Error("interrupted at the start:", err)
	}
	if src, err := directory(t.Context(), ""); err != nil || !strings.HasSuffix(src, "src") {
		t.Error("GOROOT/src:", src, err)
	}
}

func TestFlags(t *testing.T) {
	for cfg, ok := range map[config]bool{
		{workers: 1}:                true,
		{workers: 1000, kills: 1}:   true,
		{workers: 0}:                false,
		{workers: 1001}:             false,
		{workers: 1, kills: -0.1}:   false,
		{workers: 1, kills: 1.0001}: false,
	} {
		if err := cfg.check(); (err == nil) != ok {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}
