package browser

import (
	"errors"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/supervision"
)

// Events come as they happen, newest first; held they stand still; they are filtered by words and by the chosen socket.
func TestEvents(t *testing.T) {
	r := start(t)
	push, pull, _ := pair(r, &supervision.Backoff{Min: 1, Max: 1})
	l := open(t, r, quick, "#id="+pull.Id)
	first := `document.querySelector('#events-list .row:not([hidden])[style*="translateY(0px)"]').textContent`
	fail(r, push, "first")
	l.until("the newest is on top", `[...document.querySelectorAll("#events-list .row:not([hidden])")].some((r) => r.textContent.includes("first"))`)
	l.click("#events-hold")
	l.until("it is held", has(`#events-hold[aria-pressed="true"]`))
	top := js[string](l, first)
	fail(r, push, "second")
	l.until("it says that there is more", has(`#events-new:not([hidden])`)+`.textContent.startsWith("Show ")`)
	if now := js[string](l, first); now != top {
		t.Errorf("held, it shows %q, not %q", now, top)
	}
	l.click("#events-new")
	l.until("there it is", `[...document.querySelectorAll("#events-list .row:not([hidden])")].some((r) => r.textContent.includes("second")) && document.getElementById("events-new").hidden`)
	l.click("#events-only")
	only := func(id string) string {
		return `(() => { const all = [...document.querySelectorAll("#events-list .row:not([hidden]) .id")]; return all.length > 0 && all.every((e) => e.textContent === ` + quoted(id) + `) })()`
	}
	l.until("only the chosen socket's", only(pull.Id))
	js[any](l, has(row("table", push.Id))+`.click()`)
	l.until("of the one chosen now", only(push.Id))
	l.click("#events-q")
	l.key("s", "e", "c", "o", "n", "d")
	l.until("one event", `document.querySelectorAll("#events-list .row:not([hidden])").length === 1 && `+has(`#events-list [data-kind="Failed"]`)+`.textContent.includes("second")`)
	l.key("x")
	l.until("none", has(`#events-none:not([hidden])`))
	// Thousands come: the page keeps the last, and shows what is in view.
	js[any](l, `(() => { const q = document.getElementById("events-q"); q.value = ""; q.dispatchEvent(new Event("input")) })()`)
	for range 1200 { // two events each
		r.Do(push, &socket.Fail{Err: errors.New("again and again"), Kept: true})
	}
	fail(r, push, "the last")
	l.until("the last is there", `[...document.querySelectorAll("#events-list .row:not([hidden])")].some((r) => r.textContent.includes("the last"))`)
	if n := js[int](l, `document.querySelectorAll("#events-list .row").length`); n > 100 {
		t.Errorf("%d rows are drawn", n)
	}
}
