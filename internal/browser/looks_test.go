package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/supervision"
)

// pale is an expression: the texts on the page whose contrast is under 4.5, what WCAG 2.2 asks for (1.4.3).
const pale = `(() => {
	const channel = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 };
	const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
	const rgb = (s) => s.match(/[\d.]+/g).map(Number);
	const ground = (e) => {
		for (; e; e = e.parentElement) {
			const c = rgb(getComputedStyle(e).backgroundColor);
			if (c.length === 3 || c[3] === 1) return c;
			if (c[3] > 0) return null; // none of ours is half transparent
		}
		return null;
	};
	const found = new Map();
	let looked = 0;
	for (const e of document.querySelectorAll("body *")) {
		if (!e.checkVisibility({ visibilityProperty: true }) || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || e.closest("svg, noscript, .hidden, option")) continue;
		looked++;
		const style = getComputedStyle(e), back = ground(e);
		const [a, b] = back ? [light(rgb(style.color)), light(back)].sort((x, y) => y - x) : [0, 0];
		const contrast = (a + 0.05) / (b + 0.05);
		if (!back || contrast < 4.5) found.set(e.className + " " + style.color + " on " + back, contrast.toFixed(2) + " " + e.tagName + "." + e.className + " " + style.color + " on " + back + ": " + e.textContent.slice(0, 40));
	}
	return looked < 60 ? ["only " + looked + " texts were looked at"] : [...found.values()];
})()`

// All text has enough contrast, light and dark, in whatever state what it is about is.
func TestContrast(t *testing.T) {
	r := start(t)
	k := newKeeper()
	push, _, _ := pair(r, k)
	_, paused, _ := pair(r, &supervision.Backoff{})
	tripped, _, _ := pair(r, &supervision.Breaker{Failures: 1})
	family(r, "many", 20)
	r.Do(paused, &socket.Pause{})
	fail(r, push, "killed by the test")
	fail(r, tripped, "tripped by the test")
	restart := <-k.failed
	l := open(t, r, acting, "#sort=state&id="+push.Id)
	l.size(1440, 1400)
	l.until("all states are there", has(row("table", push.Id)+`[data-state="failed"]`)+" && "+has(row("table", paused.Id)+`[data-state="paused"]`)+" && "+has(row("table", tripped.Id)+`[data-state="tripped"]`)+` && document.getElementById("detail").dataset.id`)
	l.until("the failed row says why", has(".fault")+`.textContent.includes("killed")`)
	seen := map[string]bool{}
	look := func(what string) {
		t.Helper()
		for _, scheme := range []string{"light", "dark"} {
			l.media("prefers-color-scheme", scheme)
			for _, p := range js[[]string](l, pale) {
				t.Errorf("%s, %s: %s", what, scheme, p)
			}
			seen[js[string](l, `getComputedStyle(document.documentElement).backgroundColor`)] = true
		}
	}
	look("the table")
	l.key("2")
	l.until("the tree is there", has(row("tree", "many")))
	look("the tree")
	l.key("?")
	look("the keys")
	l.key(escape)
	if len(seen) != 2 {
		t.Error("light and dark are the same:", seen)
	}
	// The button overrules the system.
	l.media("prefers-color-scheme", "light")
	background := func() string { return js[string](l, `getComputedStyle(document.documentElement).backgroundColor`) }
	lit := background()
	l.key("t", "t")
	if now := background(); now == lit || js[string](l, `document.getElementById("theme").textContent`) != "Theme: dark" {
		t.Error("the button changes nothing:", now)
	}
	l.media("prefers-reduced-motion", "reduce")
	if moves := js[[]string](l, `[...document.querySelectorAll("*")].map((e) => getComputedStyle(e).transitionDuration).filter((d) => d !== "0s")`); len(moves) > 0 {
		t.Error("it moves although that is not wanted:", moves)
	}
	restart()
}

// outside is a function: what cannot be reached at this width, or is too small for a finger (WCAG 2.2, 2.5.8: 24 px).
const outside = `((wide) => { // not innerWidth, which grows with what sticks out
	const bad = [];
	if (document.documentElement.scrollWidth > wide || document.body.scrollWidth > wide) bad.push("the page is " + document.body.scrollWidth + " px wide");
	let looked = 0;
	for (const e of document.querySelectorAll("button, input, select, [tabindex='0']")) {
		if (!e.checkVisibility({ visibilityProperty: true }) || e.closest("[inert]") || e.closest("dialog:not([open])")) continue;
		looked++;
		e.scrollIntoView({ block: "nearest", inline: "nearest" });
		const b = e.getBoundingClientRect(), label = e.closest("label") ?? e;
		const at = document.elementFromPoint(b.left + b.width / 2, b.top + b.height / 2);
		if (b.left < -1 || b.right > wide + 1) bad.push(e.outerHTML.slice(0, 80) + " is at " + Math.round(b.left) + " to " + Math.round(b.right));
		else if (!at || !(e.contains(at) || label.contains(at))) bad.push(e.outerHTML.slice(0, 80) + " is under " + at?.outerHTML.slice(0, 80));
		else if (label.getBoundingClientRect().height < 24) bad.push(e.outerHTML.slice(0, 80) + " is " + b.height + " px high");
	}
	if (looked < 4) bad.push("only " + looked + " were looked at");
	return bad;
})`

// On a phone's width everything is there and nothing sticks out.
func TestPhone(t *testing.T) {
	r := start(t)
	push, _, _ := pair(r, &supervision.Backoff{Min: 1, Max: 1})
	family(r, "a-parent-with-a-rather-long-name-that-does-not-fit", 40)
	l := open(t, r, acting, "")
	fail(r, push, "on purpose")
	l.size(360, 740)
	l.until("it is narrow", `innerWidth === 360 && document.getElementById("tab-events").checkVisibility()`)
	width := 360
	fits := func(what string) {
		t.Helper()
		for _, b := range js[[]string](l, fmt.Sprintf("%s(%d)", outside, width)) {
			t.Errorf("%s: %s", what, b)
		}
	}
	l.until("rows", ids("table")+`.includes("s-1")`)
	fits("the table")
	js[any](l, `(() => { const s = document.getElementById("sort"); s.value = "sent"; s.dispatchEvent(new Event("change")) })()`)
	l.until("sorted without a head", `location.hash.includes("sort=sent") && location.hash.includes("desc=1")`)
	js[any](l, `location.hash = "#q=PUSH"`)
	l.until("one row", ids("table")+" === "+quoted(push.Id))
	l.click(row("table", push.Id))
	l.until("the socket lies over everything", `document.getElementById("detail").dataset.id && document.activeElement.id === "detail" && document.querySelector("main").inert`)
	fits("the socket")
	l.click("#close")
	l.until("back in the list", `document.getElementById("detail").hidden && document.activeElement.id === "table" && !document.querySelector("main").inert`)
	l.click("#tab-events")
	l.until("the events", has(`#events-list [data-kind="Opened"]`)+`.checkVisibility({ visibilityProperty: true })`)
	fits("the events")
	l.click("#tab-tree")
	l.until("the tree", `document.getElementById("tree").dataset.rows > 1`)
	fits("the tree")
	width = 1440
	l.size(1440, 900)
	l.until("wide again", `!document.getElementById("tab-events").checkVisibility() && document.getElementById("events").checkVisibility({ visibilityProperty: true })`)
	fits("wide")
}

// Tab reaches everything that can be pressed, and one sees where one is.
func TestKeyboard(t *testing.T) {
	r := start(t)
	push, _, _ := pair(r, &supervision.Backoff{})
	l := open(t, r, acting, "#id="+push.Id)
	l.size(1440, 900)
	l.until("the socket is there", has(`[data-action="pause"]:not([aria-disabled])`))
	js[any](l, `document.body.focus()`)
	met := map[string]bool{}
	for range 40 {
		l.key(kb.Tab)
		at := js[string](l, `(() => {
			const e = document.activeElement, s = getComputedStyle(e);
			const seen = e.matches(":focus-visible") && s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2;
			return (seen ? "" : "unseen: ") + (e.id || e.dataset.action || e.dataset.state || e.dataset.sort || e.className || e.tagName);
		})()`)
		if strings.HasPrefix(at, "unseen") && at != "unseen: BODY" {
			t.Error(at)
		}
		met[at] = true
	}
	for _, want := range []string{"theme", "help", "tab-sockets", "q", "type", "all", "open", "id", "table", "close", "pause", "resume", "restart", "drain", "events-q", "events-only", "events-hold", "events-list", "lanes"} {
		if !met[want] {
			t.Errorf("Tab does not reach %s, of %v", want, fmt.Sprint(met))
		}
	}
}
