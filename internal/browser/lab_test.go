package browser

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/sockeye-mq/sockeye/actors/inspect"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// Chromium does not start a second time for each test: they have a tab each.
var chromium struct {
	once    sync.Once
	ctx     context.Context
	cancel  context.CancelFunc
	profile string
	err     error
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if chromium.cancel != nil {
		chromium.cancel() // waits for its end
		os.RemoveAll(chromium.profile)
	}
	os.Exit(code)
}

const patience = 60 * time.Second

// program is the browser. Without one a test is skipped; in CI, and where SOCKEYE_CHROMIUM names one that is not there,
// it fails.
func program(t testing.TB) string {
	t.Helper()
	own := os.Getenv("SOCKEYE_CHROMIUM")
	names := []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome",
		"/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"}
	if own != "" {
		names = []string{own}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	peer.Missing(t, own != "", "there is no Chromium here: scripts/setup.sh test installs one, and SOCKEYE_CHROMIUM names another")
	return ""
}

// browser starts Chromium, once. It has a profile of its own, and listens on a pipe or a loopback port of its choice.
func browser(t testing.TB) context.Context {
	t.Helper()
	path := program(t)
	chromium.once.Do(func() {
		if chromium.profile, chromium.err = os.MkdirTemp("", "sockeye-browser"); chromium.err != nil {
			return
		}
		options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.UserDataDir(chromium.profile),
			chromedp.Flag("no-sandbox", os.Getuid() == 0), // which Chromium refuses to root, as in a container
			chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("hide-scrollbars", false), chromedp.WindowSize(1440, 900), chromedp.WSURLReadTimeout(patience))
		ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, cancel := chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {})) // of events that are newer than it
		chromium.ctx, chromium.cancel = ctx, func() { cancel(); stop() }
		chromium.err = chromedp.Do(ctx)
	})
	if chromium.err != nil {
		t.Fatalf("start %s: %v", path, chromium.err)
	}
	return chromium.ctx
}

// lab is a system, its page on a server, and a tab of a browser that shows it.
type lab struct {
	*rig.Rig
	t      testing.TB
	server *httptest.Server
	page   *inspect.Inspector
	ctx    context.Context
	ended  chan struct{} // closed when the console has said its last

	mu     sync.Mutex
	faults []string // guarded by mu: what the console says that should not be there
	excuse string   // guarded by mu: a word that excuses what the network has said
}

// start starts a system, without a page yet.
func start(t testing.TB) *rig.Rig {
	browser(t)
	return rig.Start(t, zmqthread.Config{Name: "lane"})
}

// open serves the page of a rig and shows it in a tab of its own.
func open(t testing.TB, r *rig.Rig, cfg inspect.Config, hash string) *lab {
	t.Helper()
	l := &lab{Rig: r, t: t, page: inspect.New(r.System, cfg), ended: make(chan struct{})}
	l.server = httptest.NewServer(l.page)
	t.Cleanup(func() { l.page.Close(); l.server.Close() })
	l.show(l.server.URL + "/" + hash)
	return l
}

// show opens the tab.
func (l *lab) show(url string) {
	l.t.Helper()
	ctx, cancel := chromedp.NewContext(browser(l.t), chromedp.WithNewBrowserContext())
	l.ctx = ctx
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		l.t.Fatal(err)
	}
	messages := chromedp.Console(ctx)
	go l.hear(messages)
	l.t.Cleanup(func() {
		if l.run(chromedp.Evaluate[chromedp.Void](`console.info("`+last+`")`)) == nil {
			<-l.ended
		}
		cancel()
		for _, f := range l.told() {
			l.t.Error("console: " + f)
		}
	})
	l.do(chromedp.Navigate(url))
	l.until("it is live", `document.getElementById("live").dataset.live === "live"`)
}

const last = "that was the test"

// hear keeps errors and warnings of the console, exceptions, and what the browser itself complains of: a violation of the
// page's Content-Security-Policy, for one.
func (l *lab) hear(messages func(func(chromedp.ConsoleMessage, error) bool)) {
	defer close(l.ended)
	for m, err := range messages {
		if err != nil || m.Text == last {
			return
		}
		if m.Type != chromedp.ConsoleType("error") && m.Type != chromedp.ConsoleType("warning") && m.Type != chromedp.ConsoleType("assert") && !m.IsException() {
			continue
		}
		l.mu.Lock()
		if len(l.faults) < 20 && (l.excuse == "" || m.Source != "network" || !strings.Contains(m.String(), l.excuse)) {
			l.faults = append(l.faults, fmt.Sprintf("%s %s", m.Source, m))
		}
		l.mu.Unlock()
	}
}

func (l *lab) told() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.faults)
}

// excused lets the network complain with a word from now on.
func (l *lab) excused(word string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.excuse = word
}

func (l *lab) run(actions ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(l.ctx, patience)
	defer cancel()
	return chromedp.Do(ctx, actions...)
}

func (l *lab) do(actions ...chromedp.Action[chromedp.Void]) {
	l.t.Helper()
	if err := l.run(actions...); err != nil {
		l.t.Fatal(err)
	}
}

// js evaluates an expression in the page; a promise is awaited.
func js[T any](l *lab, expression string) T {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		l.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits in the page until an expression is true.
func (l *lab) until(what, expression string) {
	l.t.Helper()
	ok := js[bool](l, fmt.Sprintf(`new Promise((done) => {
		const end = performance.now() + %d;
		const look = () => {
			let is = false;
			try { is = !!(%s) } catch { /* not there yet */ }
			if (is || performance.now() > end) done(is); else setTimeout(look, 10);
		};
		look();
	})`, (patience-2*time.Second).Milliseconds(), expression))
	if !ok {
		l.t.Fatalf("in vain until %s: %s\nthe address is %s, and the page says:\n%.3000s", what, expression, js[string](l, `location.hash + " " + document.getElementById("table").dataset.shown + " events " + document.getElementById("events-list").dataset.seq + " new " + document.getElementById("events-new").textContent + " rows " + [...document.querySelectorAll(".row[data-id]:not([hidden])")].map((r) => r.index + r.dataset.id)`), js[string](l, `document.body.innerText`))
	}
}

// key presses keys: letters as they are, others by their names in package kb.
func (l *lab) key(keys ...string) {
	l.t.Helper()
	for _, k := range keys {
		if len(k) > 1 || k < " " {
			l.do(chromedp.KeyEvent(k))
			continue
		}
		// Not KeyEvent, which types the letter even where the page has taken the stroke for itself.
		l.call(func(ctx context.Context, t *chromedp.Target) error {
			down := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: k, Text: k}
			_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, down)
			up := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: k}
			_, e := cdp.Call(ctx, t, input.DispatchKeyEvent, up)
			return errors.Join(err, e)
		})
	}
}

// click clicks what is there and seen, as a user would.
func (l *lab) click(selector string) {
	l.t.Helper()
	l.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// media emulates what the user has asked of the system.
func (l *lab) media(feature, value string) {
	l.t.Helper()
	l.call(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: feature, Value: value}}})
		return err
	})
}

func (l *lab) size(width, height int64) {
	l.t.Helper()
	l.call(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 700})
		return err
	})
}

func (l *lab) call(f func(context.Context, *chromedp.Target) error) {
	l.t.Helper()
	l.do(chromedp.Func(f))
}

// quoted is a string of JavaScript, and of CSS.
func quoted(s string) string {
	var q strings.Builder
	e := json.NewEncoder(&q)
	e.SetEscapeHTML(false) // which CSS would not understand
	e.Encode(s)
	return strings.TrimSpace(q.String())
}

// row is a selector for what a list shows of an id.
func row(list, id string) string {
	return "#" + list + " .row[data-id=" + quoted(id) + "]:not([hidden])"
}

// has is an expression: an element is there.
func has(selector string) string { return "document.querySelector(" + quoted(selector) + ")" }

const down, up, enter, escape, right, left, home, end = kb.ArrowDown, kb.ArrowUp, kb.Enter, kb.Escape, kb.ArrowRight, kb.ArrowLeft, kb.Home, kb.End
