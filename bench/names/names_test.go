package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	serveIfAsked()
	os.Exit(m.Run())
}

// Every load is played at a hundredth, on both kinds of server, and every figure that the model needs is there.
func TestRun(t *testing.T) {
	for name, embedded := range map[string]bool{"etcd": false, "embedded": true} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath("etcd"); err != nil && !embedded {
				if os.Getenv("CI") == "true" {
					t.Fatal(err)
				}
				t.Skip(err)
			}
			t.Setenv("TMPDIR", t.TempDir())
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			rep, err := run(ctx, config{embedded: embedded, quick: true, scale: 0.01}, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			looksWell(t, rep)
			left, err := os.ReadDir(os.Getenv("TMPDIR"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// looksWell looks at what does not depend on the machine.
func looksWell(t *testing.T, rep *report) {
	if _, err := rep.costs(); err != nil {
		t.Error(err)
	}
	for _, ph := range phases {
		if !strings.Contains(rep.csv(), "\n"+ph.name+",") {
			t.Errorf("no figure of %s", ph.name)
		}
	}
	for _, f := range []struct {
		phase, what string
		least, most float64
	}{
		{"records", "put rate", 1, 1e6},
		{"records", "bytes on the wire for each", 200, 2_000}, // a key and a record
		{"claims", "bytes on the wire for each", 50, 1_500},
		{"fan-out", "put until the last is told, median", 0.01, 60_000},
		{"renewals", "renewals", 0.1, 100},
		{"renewals", "bytes on the wire for each", 50, 2_000},
		{"election", "transactions of all, median", 2, 8}, // four names: asked and announced, together or not
		{"revoke", "until a watcher is told of all, median", 0.01, 60_000},
		{"watches", "bytes on the wire for each", 50, 5_000},
	} {
		if v, err := rep.last(f.phase, f.what); err != nil || v < f.least || v > f.most {
			t.Errorf("%s: %s is %v, %v; want %v to %v", f.phase, f.what, v, err, f.least, f.most)
		}
	}
	for _, at := range rep.rows {
		if strings.HasPrefix(at.what, "watches made before") {
			t.Errorf("%s: only %v watches were made", at.load, at.value)
		}
	}
}

func TestProcess(t *testing.T) {
	stat := "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 25 0 0 20"
	if s, err := cpuOf(stat); err != nil || s != 1.75 {
		t.Errorf("CPU is %v, %v", s, err)
	}
	if _, err := cpuOf("7 (etcd) S 1"); err == nil {
		t.Error("CPU of a line without times")
	}
	if n, err := residentOf("VmPeak:\t  9 kB\nVmRSS:\t    12 kB\n"); err != nil || n != 12<<10 {
		t.Errorf("resident are %d, %v", n, err)
	}
	if _, err := residentOf("VmPeak:\t  9 kB\n"); err == nil {
		t.Error("resident memory out of nothing")
	}
	self := &etcd{process: &exec.Cmd{Process: &os.Process{Pid: os.Getpid()}}}
	if u, err := self.used(); err != nil || u.resident < 1<<20 {
		t.Errorf("this process uses %+v, %v", u, err)
	}
}

func TestQuantile(t *testing.T) {
	all := []float64{5, 1, 4, 2, 3}
	for q, want := range map[float64]float64{0: 1, 0.5: 3, 0.99: 5, 1: 5} {
		if got := quantile(all, q); got != want {
			t.Errorf("quantile %v is %v", q, got)
		}
	}
	if got := median([]time.Duration(nil)); got != 0 {
		t.Errorf("the median of nothing is %v", got)
	}
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 12345.6: "12346", 42.19: "42.2", 4.219: "4.22", 7: "7", 0.04219: "0.0422", -42.19: "-42.2"} {
		if got := short(v); got != want {
			t.Errorf("%v is %s", v, got)
		}
	}
}

// A deadline that has passed counts once, the one that there was not yet does not, and a late renewal moves none.
func TestKeeping(t *testing.T) {
	k, ttl, now := &keeping{}, 3*time.Second, time.Now()
	d := k.saw(now, time.Time{}, ttl, nil)
	if want := now.Add(2 * time.Second); !d.Equal(want) || k.passed() != 0 {
		t.Errorf("deadline %v, %d passed", d.Sub(now), k.passed())
	}
	if same := k.saw(now, d, ttl, io.EOF); !same.Equal(d) || k.late != 1 {
		t.Errorf("deadline %v after one that failed, %d late", same.Sub(now), k.late)
	}
	k.saw(now, now.Add(-time.Second), ttl, nil)
	if times, late := k.take(); k.passed() != 1 || len(times) != 2 || late != 1 {
		t.Errorf("%d passed, %d renewals, %d late", k.passed(), len(times), late)
	}
}

// Each name has as many candidates as it should.
func TestOf(t *testing.T) {
	e := &election{scene: &scene{plan: plan{contested: 25}}, rivals: make([]*member, 10)}
	seen := map[int]int{}
	for r := range e.rivals {
		for _, name := range e.of(r) {
			seen[name]++
		}
	}
	for name := range e.contested {
		if seen[name] != candidates {
			t.Errorf("name %d has %d candidates", name, seen[name])
		}
	}
}

func TestCSV(t *testing.T) {
	rep := &report{out: io.Discard, phase: "p"}
	rep.add("1,000 of them", "rate", 1.0/3, "1/s")
	want := "phase,load,figure,value,unit\np,\"1,000 of them\",rate," + strconv.FormatFloat(1.0/3, 'g', -1, 64) + ",1/s\n"
	if got := rep.csv(); got != want {
		t.Errorf("%q", got)
	}
	if got, err := readCSV(want); err != nil || len(got.rows) != 1 || got.rows[0] != rep.rows[0] {
		t.Errorf("read %+v, %v", got, err)
	}
	for _, wrong := range []string{"", "a\nb\n", "phase,load,figure,value,unit\np,l,f,x,u\n"} {
		if _, err := readCSV(wrong); err == nil {
			t.Errorf("%q is read", wrong)
		}
	}
}
