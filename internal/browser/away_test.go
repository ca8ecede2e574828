package browser

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/inspect"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/supervision"
)

// host is a server that can go away, and serve something else when it comes back: at the same address, which a new
// listener could lose to somebody.
type host struct {
	*httptest.Server
	page  atomic.Pointer[inspect.Inspector] // nil: away
	asked atomic.Int64
}

func newHost(t testing.TB, page *inspect.Inspector) *host {
	h := &host{}
	h.page.Store(page)
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := h.page.Load()
		if page == nil {
			panic(http.ErrAbortHandler) // as if nobody were there
		}
		if r.URL.Path == "/api/state" {
			h.asked.Add(1)
		}
		page.ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *host) leave() {
	h.page.Store(nil)
	h.CloseClientConnections()
}

// When the server goes away the page says so, and that what it shows is old; when it comes back, everything goes on. Another
// process in its place is another process: nothing of the one before is left.
func TestAway(t *testing.T) {
	r := start(t)
	push, _, _ := pair(r, &supervision.Backoff{Min: 1, Max: 1})
	page := inspect.New(r.System, quick)
	h := newHost(t, page)
	l := &lab{Rig: r, t: t, server: h.Server, page: page, ended: make(chan struct{})}
	t.Cleanup(page.Close)
	l.show(h.URL)
	l.until("the sockets are there", has(row("table", push.Id))+` && !document.body.classList.contains("stale")`)
	for range 20 { // more than the other one will have
		r.Do(push, &socket.Fail{Err: errors.New("on purpose"), Kept: true})
	}
	l.until("and events", has(`#events-list [data-kind="Opened"]`))
	l.excused("Failed to load resource: net::ERR_")
	h.leave()
	l.until("it is stale", `document.body.classList.contains("stale") && document.getElementById("live").textContent === "stale"`)
	l.until("it says why", has(`#away:not([hidden])[role="alert"]`)+`.textContent.includes("does not answer")`)
	l.until("what was seen is still there", has(row("table", push.Id)))
	h.page.Store(page)
	l.until("it is live", `!document.body.classList.contains("stale") && document.getElementById("away").hidden && document.getElementById("live").textContent === "live"`)
	other := start(t)
	_, pull, _ := pair(other, &supervision.Backoff{Min: 1, Max: 1})
	family(other, "new", 3)
	second := inspect.New(other.System, quick)
	t.Cleanup(second.Close)
	fail(other, pull, "the other one's")
	h.leave()
	l.until("it is stale again", `document.body.classList.contains("stale")`)
	h.page.Store(second)
	l.until("the other one's sockets", ids("table")+`.includes("new/s-1 new/s-2 new/s-3")`)
	events := `[...document.querySelectorAll("#events-list .row:not([hidden])")].map((r) => r.textContent).join()`
	l.until("the other one's events, and no others", events+`.includes("the other one's") && !`+events+`.includes("on purpose")`)
}

// A page that nobody sees asks for nothing.
func TestHidden(t *testing.T) {
	r := start(t)
	page := inspect.New(r.System, quick)
	t.Cleanup(page.Close)
	h := newHost(t, page)
	l := &lab{Rig: r, t: t, server: h.Server, page: page, ended: make(chan struct{})}
	l.show(h.URL)
	js[any](l, `(() => { Object.defineProperty(document, "hidden", { get: () => window.away, configurable: true }); window.away = true; document.dispatchEvent(new Event("visibilitychange")) })()`)
	frames := `new Promise((done) => setTimeout(() => done(true), 1000))`   // ten times as long as between two looks
	js[bool](l, `new Promise((done) => setTimeout(() => done(true), 300))`) // what was on its way
	before := h.asked.Load()
	js[bool](l, frames)
	if n := h.asked.Load(); n != before {
		t.Errorf("it has asked %d times", n-before)
	}
	js[any](l, `(() => { window.away = false; document.dispatchEvent(new Event("visibilitychange")) })()`)
	await(t, "it asks again", func() bool { return h.asked.Load() > before+1 })
}
