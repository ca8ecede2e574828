package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// ids is an expression: what a list shows, from above.
func ids(list string) string {
	return `[...document.querySelectorAll("#` + list + ` .row[data-id]:not([hidden])")].sort((a, b) => a.index - b.index).map((r) => r.dataset.id).join(" ")`
}

// The table is sorted by clicks and by keys, filtered by words, types and states, and its address says how.
func TestTable(t *testing.T) {
	r := start(t)
	push, pull, in := pair(r, &supervision.Backoff{})
	for n := range 20 {
		r.Put(push, number(n))
		in.Message()
	}
	full := r.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{"inproc://nobody"}, NoMonitor: true, Options: socket.Options{SendHWM: 1}})
	for range 30 {
		r.Root.Send(full, messages.Text("to nobody"))
	}
	family(r, "many", 12)
	l := open(t, r, quick, "")
	l.until("all are there in their natural order", ids("table")+`.startsWith("many/s-1 many/s-2 many/s-3") || `+ids("table")+`.includes("many/s-9 many/s-10 many/s-11")`)
	l.until("a row says what it is", `(() => { const r = `+has(row("table", pull.Id))+`; return r.textContent.includes("PULL") && r.textContent.includes("open") })()`)
	l.until("the totals too", `document.querySelector("#total-sockets b").textContent === "15" && document.querySelectorAll(".lane").length === 1`)

	l.click(`[data-sort="queued"]`)
	l.until("the fullest is first", ids("table")+`.startsWith(`+quoted(full.Id+" ")+`)`)
	l.until("the head says so", `document.querySelector('[aria-sort="descending"]').textContent === "Queued" && location.hash.includes("sort=queued")`)
	l.click(`[data-sort="queued"]`)
	l.until("the fullest is last", ids("table")+`.endsWith(`+quoted(" "+full.Id)+`)`)
	// From the sort that was clicked the arrows go along the head.
	js[any](l, `document.querySelector('[data-sort="id"]').focus()`)
	l.key(right, enter)
	l.until("it is sorted by type", `document.querySelector('[aria-sort="ascending"]').textContent === "Type"`)
	l.until("it is", ids("table")+`.endsWith(`+quoted(" "+pull.Id+" "+push.Id)+`)`)

	l.key("/")
	l.until("the filter has the focus, and no stroke in it", `document.activeElement.id === "q" && document.activeElement.value === ""`)
	l.key("p", "u", "l", "l")
	l.until("one fits", ids("table")+` === `+quoted(pull.Id))
	l.key(escape)
	l.until("the list has the focus", `document.activeElement.id === "table"`)
	l.key(down, enter)
	l.until("it is chosen", `document.getElementById("detail").dataset.id === `+quoted(pull.Id))
	l.until("its numbers are there", `document.getElementById("detail").textContent.includes("Delivered20")`)
	l.key(escape)
	l.until("it is not any more", `document.getElementById("detail").hidden`)
	js[any](l, `(() => { const q = document.getElementById("q"); q.value = "no such socket"; q.dispatchEvent(new Event("input")) })()`)
	l.until("the table says that nothing fits", `document.getElementById("table-none").offsetParent && document.getElementById("table-none").textContent.includes("fits")`)
	js[any](l, `(() => { const q = document.getElementById("q"); q.value = ""; q.dispatchEvent(new Event("input")) })()`)
	js[any](l, `(() => { const s = document.getElementById("type"); s.value = "PUSH"; s.dispatchEvent(new Event("change")) })()`)
	l.until("one type", ids("table")+` === `+quoted(push.Id))
	r.Do(pull, &socket.Pause{})
	js[any](l, `(() => { const s = document.getElementById("type"); s.value = ""; s.dispatchEvent(new Event("change")) })()`)
	l.until("a chip for the paused one", has(`.chip[data-state="paused"]:not([hidden])`))
	l.click(`.chip[data-state="paused"]`)
	l.until("one state", ids("table")+` === `+quoted(pull.Id))
	l.click(`.chip[data-state="all"]`)
	l.until("all again", fmt.Sprintf(`%s.split(" ").length === 15`, ids("table")))
}

// A link shows what it was made of: filter, order, choice.
func TestLink(t *testing.T) {
	r := start(t)
	family(r, "many", 30)
	l := open(t, r, quick, "#q=s-1&sort=id&desc=1&id=many%2Fs-12")
	l.until("the filter holds", ids("table")+` === `+quoted(strings.Join([]string{"many/s-19", "many/s-18", "many/s-17", "many/s-16", "many/s-15", "many/s-14", "many/s-13", "many/s-12", "many/s-11", "many/s-10", "many/s-1"}, " ")))
	l.until("the socket is chosen", has(row("table", "many/s-12")+`[aria-selected="true"]`)+` && document.getElementById("detail").dataset.id === "many/s-12"`)
	js[any](l, `location.hash = "#view=tree&id=many/s-3"`)
	l.until("the tree is there, and open", has(row("tree", "many/s-3")+`[aria-selected="true"]`))
	js[any](l, `history.back()`)
	l.until("the way back", has(row("table", "many/s-12")+`[aria-selected="true"]`))
	js[any](l, `location.hash = "#view=nonsense&sort=nonsense&desc=7&id="`)
	l.until("what is wrong in an address is left out", ids("table")+`.startsWith("many/s-1 many/s-2 ")`)
}
