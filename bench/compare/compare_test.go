package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestPattern changes one byte after the other: a message that is compared whole hides no change, a
// large one none in its number, nor where it is probed.
func TestPattern(t *testing.T) {
	for _, size := range []int{64, 1 << 10, 1 << 20} {
		p := newPattern(size)
		for i := range uint64(200) {
			m := p.fresh(i)
			if !p.is(m, i) || p.is(m, i+1) || p.is(m[1:], i) {
				t.Fatalf("size %d, message %d", size, i)
			}
		}
		m := bytes.Clone(p.fresh(1)) // 1 is not one of the large ones that are compared whole
		for _, at := range []int{0, 7, 8, 63, size - 1} {
			m[at]++
			if p.is(m, 1) || p.wrong(m, 1) == nil {
				t.Errorf("size %d: byte %d may change", size, at)
			}
			m[at]--
		}
		seen := false // somewhere in the middle: in one message of 64 at the latest
		for i := range uint64(oneIn * oneIn) {
			m := bytes.Clone(p.fresh(i))
			m[size/2]++
			if seen = !p.is(m, i); seen {
				break
			}
		}
		if !seen {
			t.Errorf("size %d: byte %d may always change", size, size/2)
		}
	}
}

func TestCheck(t *testing.T) {
	feed := func(order ...uint64) error {
		s := series{pattern: newPattern(64), count: 3}
		c := newCheck(s)
		for _, i := range order {
			c.see(s.fresh(i))
		}
		select {
		case <-c.done:
			return c.result()
		default:
			return errors.New("not done")
		}
	}
	if err := feed(0, 1, 2); err != nil {
		t.Error(err)
	}
	for _, wrong := range [][]uint64{{0, 1}, {0, 2, 1}, {0, 0, 1, 2}, {1, 2}, {0, 1, 2, 3}} {
		if feed(wrong...) == nil {
			t.Errorf("%v passed", wrong)
		}
	}
}

func TestSwept(t *testing.T) {
	p := newPattern(64)
	s := newSwept(p, 3)
	for _, i := range []uint64{2, 0, 3, 1, 4, 6, 5} { // each pair in order
		if err := s.see(p.fresh(i)); err != nil {
			t.Fatal(err)
		}
	}
	if s.see(p.fresh(5)) == nil || s.see(p.fresh(10)) == nil {
		t.Error("one that has come, or one too early, passed")
	}
}

// TestSummaries: a ratio is taken within a round, and a round without one of the two has none.
func TestSummaries(t *testing.T) {
	s := &scenario{name: "x", metrics: rate, a: tools, b: raw, entries: []entry{{tools, 1}, {raw, 1}, {batch, 1}}}
	m := rate[0]
	rows := []row{
		{1, s, m, tools, 10, ""}, {1, s, m, raw, 5, ""}, {1, s, m, batch, 20, ""},
		{2, s, m, tools, 100, ""}, {2, s, m, raw, 50, ""}, {2, s, m, batch, 100, ""},
		{3, s, m, raw, 1, ""}, {3, s, m, batch, 3, ""}, {3, s, metric{}, tools, 0, "it broke"},
	}
	all := summaries([]*scenario{s}, rows)
	if len(all) != 3 {
		t.Fatalf("%d summaries", len(all))
	}
	if got := all[2]; *got.value != (spread{20, 3, 100}) || *got.toA != (spread{1.5, 1, 2}) || *got.toB != (spread{3, 2, 4}) {
		t.Errorf("%v %v %v", got.value, got.toA, got.toB)
	}
	if all[0].failed != 1 || all[0].rounds != 2 {
		t.Errorf("%+v", all[0])
	}
	var out strings.Builder
	writeReport(&out, "", []*scenario{s}, all)
	if !strings.Contains(out.String(), "failed 1 times: it broke") {
		t.Error(out.String())
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	s := scenarios[0]
	rows := []row{{1, s, rate[0], tools, 10, ""}, {1, s, rate[0], raw, 5, ""}, {1, s, metric{}, batch, 0, "it, broke"}}
	all := summaries([]*scenario{s}, rows)
	if err := errors.Join(writeRaw(filepath.Join(dir, "raw.csv"), rows), writeSummary(filepath.Join(dir, "summary.csv"), all), drawAll(dir, all)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"raw.csv", "summary.csv", "throughput-libzmq.png", "throughput-libzmq.svg"} {
		if f, err := os.Stat(filepath.Join(dir, name)); err != nil || f.Size() == 0 {
			t.Error(name, err)
		}
	}
}

func TestToolsOutput(t *testing.T) {
	v, err := find(throughput, "local_thr")([]byte("message size: 64 [B]\nmean throughput: 4870920 [msg/s]\nmean throughput: 2493.911 [Mb/s]\n"), nil)
	if v != 4870920 || err != nil {
		t.Error(v, err)
	}
	if v, err := find(latency, "remote_lat")([]byte("average latency: 37.301 [us]\n"), nil); v != 37.301 || err != nil {
		t.Error(v, err)
	}
	if _, err := find(latency, "remote_lat")([]byte("error in zmq_connect"), nil); err == nil {
		t.Error("no figure, no error")
	}
}

func TestListener(t *testing.T) {
	p, err := openPebbe()
	if err != nil {
		t.Fatal(err)
	}
	c := newCheck(series{pattern: newPattern(64), count: 1})
	where := make(chan string, 1)
	go p.receive("tcp://127.0.0.1:*", func(at string) { where <- at }, c)
	want := <-where
	if got, err := awaitListener(os.Getpid(), time.Second); got != want || err != nil {
		t.Errorf("%s, %v; it is %s", got, err, want)
	}
	if err := errors.Join(p.send(want, c.series), c.wait()); err != nil {
		t.Error(err)
	}
}

// TestScenarios: names are unique, references take part, every entry is known to those who do it.
func TestScenarios(t *testing.T) {
	var names []string
	for _, s := range scenarios {
		names = append(names, s.name)
		for _, reference := range []string{s.a, s.b} {
			if reference != "" && !slices.ContainsFunc(s.entries, func(e entry) bool { return e.subject == reference }) {
				t.Errorf("%s: %s does not take part", s.name, reference)
			}
		}
		for _, e := range s.entries {
			if known := movers[e.subject] != nil; e.subject != tools && s.kind == moving && !known {
				t.Error(fmt.Sprint(s.name, e))
			}
		}
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != len(scenarios) {
		t.Error("a name is taken twice")
	}
}
