package browser

import (
	"errors"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
)

// What others have written is text, wherever it is shown.
func TestHostile(t *testing.T) {
	r := start(t)
	k := newKeeper()
	const id = `<script>window.owned=1</script><img src=x onerror="window.owned=1">`
	pid, err := r.Root.SpawnNamed(socket.Props(r.Thread, socket.Config{Type: socket.Pair, Bind: []string{"tcp://127.0.0.1:*"}}, actor.WithGuardian(k)), id)
	if err != nil {
		t.Fatal(err)
	}
	r.At(pid)
	l := open(t, r, acting, "")
	l.until("the id is shown as it is", has(row("table", id))+`.textContent.includes(`+quoted(id)+`)`)
	const text = `"><iframe srcdoc="<script>parent.owned=1</script>"></iframe>` + "\x00\u202e \xff"
	r.Root.Send(pid, &socket.Fail{Err: errors.New(text)})
	restart := <-k.failed
	js[any](l, has(row("table", id))+`.click()`)
	l.until("all of it in the detail", `document.querySelector("#detail h2").textContent === `+quoted(id))
	l.until("the error too", has(".fault")+`.textContent.includes('"><iframe srcdoc="<script>parent.owned=1</script>"></iframe>')`)
	l.until("the event too", has(`#events-list [data-kind="Failed"]`)+`.textContent.includes("<iframe srcdoc=") && `+has(".history")+`.textContent.includes("<iframe srcdoc=")`)
	l.key("2")
	l.until("the tree too", `document.querySelector('#tree [data-id="<script>window.owned=1<"]')`)
	if js[bool](l, `!!(window.owned || document.querySelector("iframe, img[src=x], body script, [onerror]"))`) {
		t.Error("it was taken for HTML")
	}
	restart()
	l.until("it is open", `document.getElementById("detail").dataset.state === "open"`)
	l.click(`[data-action="pause"]`)
	l.until("its id reaches the server whole", `document.getElementById("detail").dataset.state === "paused"`)
}
