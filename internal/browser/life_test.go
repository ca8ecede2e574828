package browser

import (
	"errors"
	"fmt"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/supervision"
)

// A socket that is killed turns red, in colour, shape and word, and comes back.
func TestKilled(t *testing.T) {
	r := start(t)
	k := newKeeper()
	push, _, in := pair(r, k)
	l := open(t, r, quick, "#id="+push.Id)
	l.until("it is open", has(row("table", push.Id)+` .s-open`)+`.textContent === "open"`)
	green := js[string](l, `getComputedStyle(`+has(row("table", push.Id)+` .state`)+`).color`)
	r.Root.Send(push, &socket.Fail{Err: errors.New("killed by the test")})
	restart := <-k.failed
	l.until("the row says so", has(row("table", push.Id)+`[data-state="failed"] .s-failed`)+`.textContent === "failed"`)
	l.until("the shape", has(row("table", push.Id)+` .s-failed use`)+`.getAttribute("href") === "#i-failed"`)
	red := js[string](l, `getComputedStyle(`+has(row("table", push.Id)+` .state`)+`).color`)
	if red == green {
		t.Error("the colour is the same:", red)
	}
	l.until("the error is there", has(row("table", push.Id))+`.textContent.includes("killed by the test") && `+has(".fault")+`.textContent.includes("killed by the test")`)
	l.until("the event came", has(`#events-list [data-kind="Failed"]`)+`.textContent.includes("killed by the test")`)
	l.until("the head counts it", has(`.chip[data-state="failed"]:not([hidden])`)+`.textContent.startsWith("1") && document.title.includes("1 failed")`)
	restart()
	l.until("it is open again", has(row("table", push.Id)+`[data-state="open"] .s-open`))
	l.until("the chip is gone", has(`.chip[data-state="failed"][hidden]`))
	r.Put(push, number(1))
	in.Message()
}

// Pause stops what is delivered, resume lets it go on, and nothing is lost.
func TestPause(t *testing.T) {
	r := start(t)
	push, pull, in := pair(r, &supervision.Backoff{})
	other, _, there := pair(r, &supervision.Backoff{})
	l := open(t, r, acting, "#id="+pull.Id)
	l.until("the buttons are there", has(`[data-action="pause"]:not([aria-disabled])`)+`.offsetParent`)
	r.Put(push, number(0))
	in.Message()
	l.click(`[data-action="pause"]`)
	l.until("it is paused", `document.getElementById("detail").dataset.state === "paused" && document.getElementById("said").textContent === "It is paused."`)
	l.until("the buttons say what can be done", has(`[data-action="pause"][aria-disabled]`)+" && "+has(`[data-action="resume"]:not([aria-disabled])`))
	for n := range 100 {
		r.Put(push, number(1+n))
	}
	r.Put(other, number(0)) // on the same thread, and later
	there.Message()
	in.Empty()
	l.until("it was looked at again", fmt.Sprintf(`%s.textContent.includes("paused")`, has(row("table", pull.Id))))
	in.Empty()
	l.click(`[data-action="resume"]`)
	for n, m := range in.Messages(100) {
		if m.Text() != fmt.Sprint(1+n) {
			t.Fatal(n, m)
		}
	}
	l.until("it is open", `document.getElementById("detail").dataset.state === "open"`)
}

// Restart reopens a socket; drain asks first, and then it stops for good.
func TestRestartDrain(t *testing.T) {
	r := start(t)
	push, pull, in := pair(r, &supervision.Backoff{Min: 1, Max: 1})
	l := open(t, r, acting, "#id="+push.Id)
	find := func() *socket.Status {
		for s := range socket.All(r.System) {
			if s.PID.Equal(push) {
				return s
			}
		}
		return nil
	}
	l.until("the buttons are there", has(`[data-action="restart"]:not([aria-disabled])`)+`.offsetParent`)
	l.click(`[data-action="restart"]`)
	await(t, "it was opened again", func() bool { s := find(); return s.Opens == 2 && s.State == socket.StateOpen })
	l.until("the page knows", has(row("table", push.Id))+`.textContent.includes("restarted by the inspector")`)
	r.Put(push, number(1))
	in.Message()

	l.click(`[data-action="drain"]`)
	l.until("it asks, and no is the answer under the cursor", has(".sure:not([hidden])")+` && document.activeElement.id === "drain-no"`)
	l.key(escape)
	l.until("it was not meant", has(".sure[hidden]")+` && document.activeElement.dataset.action === "drain" && !document.getElementById("detail").hidden`)
	if s := find(); s == nil || s.State != socket.StateOpen {
		t.Error("drained without a yes:", s)
	}
	l.click(`[data-action="drain"]`)
	l.click(`#drain-yes`)
	await(t, "it is gone", func() bool { return find() == nil })
	l.until("the page says so", `document.getElementById("detail").dataset.state === "stopped" && `+has("#detail .note")+`.textContent.includes("on request") && `+has("#detail .actions")+`.hidden`)
	l.until("it is no row any more", ids("table")+` === `+quoted(pull.Id))
	l.click(`.chip[data-state="gone"]`)
	l.until("it is among those that have stopped", has(row("table", push.Id)+`[data-state="stopped"]`))
}

// Where actions are off there are none.
func TestOff(t *testing.T) {
	r := start(t)
	push, _, _ := pair(r, &supervision.Backoff{})
	l := open(t, r, quick, "#id="+push.Id)
	l.until("the socket is there", `document.getElementById("detail").dataset.id === `+quoted(push.Id))
	for _, action := range []string{"pause", "resume", "restart", "drain"} {
		if js[bool](l, has(`[data-action="`+action+`"]`)+`.checkVisibility()`) {
			t.Error(action)
		}
	}
}
