package browser

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/inspect"
)

var (
	crowd  = flag.Int("crowd", 5000, "how many sockets the page must bear")
	budget = flag.Duration("budget", 2*time.Second, "how long an interaction may take at most; the issue's bound is 100ms, on a machine that does nothing else")
	record = flag.String("record", "", "a file for what was measured")
)

// stopwatch is put into the page: it does something and says how long it took until that was drawn.
const stopwatch = `window.timed = async (act, done) => {
	const turn = () => new Promise((r) => { const c = new MessageChannel(); c.port1.onmessage = r; c.port2.postMessage(0) });
	const began = performance.now();
	act();
	while (!done()) {
		if (performance.now() - began > 30000) throw new Error("in vain: " + done);
		await turn();
	}
	await new Promise((r) => requestAnimationFrame(r));
	await turn();
	return performance.now() - began;
}; window.full = (list) => {
	const box = document.getElementById(list), top = box.getBoundingClientRect();
	const rows = [...box.querySelectorAll(".canvas .row:not([hidden])")].filter((r) => { const b = r.getBoundingClientRect(); return b.bottom > top.top && b.top < top.bottom });
	return rows.length > 10 && rows.every((r) => r.dataset.id);
}; window.press = (id, key) => document.getElementById(id).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }))`

// With 5,000 sockets everything that one does is drawn before one notices.
func TestMany(t *testing.T) {
	r := start(t)
	family(r, "crowd", *crowd)
	l := open(t, r, inspect.Config{}, "")
	l.size(1440, 900)
	l.until("all are counted", fmt.Sprintf(`document.querySelector("#total-sockets b").textContent === (%d).toLocaleString("en-US")`, *crowd))
	l.until("the table is full", `document.getElementById("table").dataset.shown`)
	js[any](l, stopwatch)
	shown := `const box = document.getElementById("table"), was = box.dataset.shown; `
	var report strings.Builder
	fmt.Fprintf(&report, "%-34s %4s %9s %9s\n", "interaction", "n", "median", "max")
	measure := func(what string, times int, code func(i int) string) {
		t.Helper()
		var took []float64
		for i := range times {
			took = append(took, js[float64](l, code(i)))
		}
		slices.Sort(took)
		most := took[len(took)-1]
		fmt.Fprintf(&report, "%-34s %4d %6.1f ms %6.1f ms\n", what, times, took[len(took)/2], most)
		if most > float64(budget.Milliseconds()) {
			t.Errorf("%s took %.1f ms", what, most)
		}
	}
	heads := []string{"queued", "id", "sent", "state", "restarts", "type"}
	measure("sort by a click on a head", 20, func(i int) string {
		return fmt.Sprintf(`(() => { %s return timed(() => document.querySelector('[data-sort="%s"]').click(), () => box.dataset.shown !== was && full("table")) })()`, shown, heads[i%len(heads)])
	})
	measure("filter by a letter more", 20, func(i int) string {
		return fmt.Sprintf(`(() => { %s const q = document.getElementById("q"); return timed(() => { q.value = "%s"; q.dispatchEvent(new Event("input")) }, () => box.dataset.shown !== was && full("table")) })()`, shown, "crowd/s-1"[:1+i%5])
	})
	js[any](l, `(() => { const q = document.getElementById("q"); q.value = ""; q.dispatchEvent(new Event("input")) })()`)
	l.until("all are there", fmt.Sprintf(`document.querySelector("#count").textContent.startsWith((%d).toLocaleString("en-US"))`, *crowd))
	measure("scroll to anywhere", 30, func(i int) string {
		return fmt.Sprintf(`(() => { const box = document.getElementById("table"); return timed(() => { box.scrollTop = %d * 30 }, () => full("table") && document.querySelector("#table .canvas .row:not([hidden])")) })()`, i*7919%(*crowd-40))
	})
	measure("cursor down by a key", 30, func(int) string {
		return `(() => { const box = document.getElementById("table"), at = box.getAttribute("aria-activedescendant"); return timed(() => press("table", "ArrowDown"), () => box.getAttribute("aria-activedescendant") !== at) })()`
	})
	measure("choose a socket", 20, func(i int) string {
		return fmt.Sprintf(`(() => { const rows = [...document.querySelectorAll("#table .canvas .row[data-id]:not([hidden])")], row = rows[%d %% rows.length], id = row.dataset.id; return timed(() => row.click(), () => document.getElementById("detail").dataset.id === id) })()`, i)
	})
	l.key(escape, "2")
	l.until("the tree is there", has(row("tree", "crowd")))
	l.key(home)
	measure("open and close a parent of all", 10, func(i int) string {
		key, rows := "ArrowRight", *crowd+1
		if i%2 == 1 {
			key, rows = "ArrowLeft", 1
		}
		return fmt.Sprintf(`timed(() => press("tree", "%s"), () => document.getElementById("tree").dataset.rows === "%d" && (%d === 1 || full("tree")))`, key, rows, rows)
	})
	l.key(right)
	l.until("it is open", fmt.Sprintf(`document.getElementById("tree").dataset.rows === "%d"`, *crowd+1))
	measure("scroll the tree to anywhere", 30, func(i int) string {
		return fmt.Sprintf(`(() => { const box = document.getElementById("tree"); return timed(() => { box.scrollTop = %d * 30 }, () => full("tree")) })()`, i*7919%(*crowd-40))
	})
	if n := js[int](l, `document.querySelectorAll("*").length`); n > 6000 {
		t.Errorf("the page has %d elements", n)
	}
	t.Logf("%d sockets\n%s", *crowd, &report)
	if *record != "" {
		load, _ := os.ReadFile("/proc/loadavg") // what else the machine did
		head := fmt.Sprintf("$ go -C internal/browser test -count=1 -run Many -budget %v -record FILE\n%s, %s, %d processors, %s\n%d sockets, page and browser on the same machine, load %.14s\n\n",
			*budget, time.Now().Format(time.DateOnly), runtime.GOOS+"/"+runtime.GOARCH, runtime.NumCPU(), js[string](l, `navigator.userAgent.match(/Chrome\/[\d.]+/)[0]`), *crowd, load)
		if err := os.WriteFile(*record, []byte(head+report.String()), 0o644); err != nil {
			t.Error(err)
		}
	}
}
