package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// What is beyond the limit is counted to the byte; what is within it is kept.
func testOmitted(t *testing.T, l *lab) {
	o, err := l.try(&Execute{Code: "for i in range(10_000): print(i)", Out: l.out, Limit: Limit{Bytes: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for i := range 10_000 {
		fmt.Fprintln(&all, i)
	}
	text := o.Text(Stdout)
	if text != all.String()[:1000] || o.Omitted.Bytes != all.Len()-1000 || o.Omitted.Pieces == 0 || o.End != Idle || o.Err != nil {
		t.Errorf("%d bytes, %+v, %v, %v", len(text), o.Omitted, o.End, o.Err)
	}
	o, err = l.try(&Execute{Code: "from IPython.display import display\nfor i in range(100): display(i)", Limit: Limit{Pieces: 10}})
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Output) != 10 || o.Omitted != (Omitted{90, 180}) || o.Text(Display) != "0123456789" {
		t.Errorf("%+v", o)
	}
}

// One message that is larger than the socket takes is missing, and the outcome says so.
func testTooLarge(t *testing.T, l *lab) {
	o := l.run("from IPython.display import display, Pretty\nprint('before')\ndisplay(Pretty('x' * 9_000_000))\nprint('behind')")
	if o.TooLarge != 1 || o.Text(Stdout) != "before\nbehind\n" || o.Text(Display) != "" || o.End != Idle || o.Err != nil {
		t.Errorf("%d too large, %v, %v, %.100q", o.TooLarge, o.End, o.Err, o.Text(Stdout))
	}
	well(t, l.run("'well'"))
}

// What somebody without the key publishes is not taken for output, and counted.
func testForged(t *testing.T, l *lab) {
	before := l.now()
	o := l.run(forging)
	well(t, o)
	if o.Text(Stdout) != "honest\n" {
		t.Errorf("%+v", o)
	}
	if s := l.now(); s.Forged != before.Forged+1 || s.Malformed != before.Malformed {
		t.Errorf("%+v, then %+v", before, s)
	}
}

func testMalformed(t *testing.T, l *lab) {
	before := l.now()
	o := l.run(`k = get_ipython().kernel
k.iopub_socket.send_multipart([b'', b'nothing of the kind'])
k.iopub_socket.send_multipart([b'x', b'<IDS|MSG>', b'', b'{}'])
k.session.send(k.iopub_socket, 'stream', {'name': 1, 'text': []}, parent=k.get_parent())
k.session.send(k.iopub_socket, 'status', {'execution_state': {}}, parent=k.get_parent())
k.session.send(k.iopub_socket, 'stream', {'name': 'stdout', 'text': 'a stranger'}, parent={'msg_id': 'another'})
print('honest')`)
	well(t, o)
	if o.Text(Stdout) != "honest\n" {
		t.Errorf("%+v", o)
	}
	if s := l.now(); s.Malformed != before.Malformed+4 || s.Forged != before.Forged || s.Late != before.Late+1 {
		t.Errorf("%+v, then %+v", before, s)
	}
}

// The kernel's PUB drops what its queue has no room for. While nobody reads iopub, a flood of output takes
// the end of the cell along: then it ends nevertheless, and says that it has lost something.
func TestFlood(t *testing.T) {
	l := startLab(t, quick(t))
	well(t, l.run("from IPython.display import display, Pretty\nwide = Pretty('x' * 1000)"))
	iopub, session := l.part("iopub"), l.part("session")
	l.tell(iopub, &socket.Detach{PID: session})
	mark := t.TempDir() + "/flooded"
	ended := l.begin("for i in range(6000): display(wide)\nimport os\nget_ipython().kernel.iopub_thread.schedule(lambda: os.mkdir('" + mark + "'))")
	until(t, "the flood is over", func() bool { return exists(mark) })
	l.tell(iopub, &socket.Attach{PID: session})
	r := await(t, "the end", ended, any1)
	if r.err != nil {
		t.Fatal(r.err)
	}
	pieces := len(r.o.Output) + r.o.Omitted.Pieces
	if r.o.End != Overtaken || r.o.Err != nil || pieces >= 6000 || r.o.Count == 0 {
		t.Errorf("%d pieces, %v, %v, %v", pieces, r.o.End, r.o.Err, r.o.Omitted)
	}
	well(t, l.run("'well'"))
}

// A flood that is read loses nothing, as long as who reads is never 1,000 messages behind.
func TestFloodRead(t *testing.T) {
	l := startLab(t, quick(t))
	o, err := l.try(&Execute{Code: "import time\nfor i in range(5000):\n  print(i, flush=True)\n  if i % 500 == 0: time.sleep(0.2)", Limit: Limit{Pieces: 100}})
	if err != nil {
		t.Fatal(err)
	}
	if o.End != Idle || o.Err != nil || len(o.Output) != 100 || o.Omitted.Bytes+len(o.Text(Stdout)) != 23_890 {
		t.Errorf("%v, %v, %d pieces, %v", o.End, o.Err, len(o.Output), o.Omitted)
	}
}

// A status idle that never comes, from a kernel that is well otherwise.
func TestNoIdle(t *testing.T) {
	l := startLab(t, quick(t))
	o := l.run(`k = get_ipython().kernel
publish = k._publish_status
def once(status, *args, **more):
    if status == 'idle':
        k._publish_status = publish
        return
    publish(status, *args, **more)
k._publish_status = once
print('no idle')`)
	if o.End != Overtaken || o.Err != nil || o.Text(Stdout) != "no idle\n" {
		t.Errorf("%+v", o)
	}
	well(t, l.run("'well'"))
}

// And a kernel that publishes nothing at all any more: a cell has what it has, and an end that says so.
func TestSilentIOPub(t *testing.T) {
	cfg := quick(t)
	cfg.Probe = 20 * time.Millisecond
	l := startLab(t, cfg)
	o := l.run("print('last', flush=True)\nt = get_ipython().kernel.iopub_thread\nt.schedule(lambda: setattr(t, 'socket', None))")
	if o.End != Unknown || o.Text(Stdout) != "last\n" {
		t.Errorf("%+v", o)
	}
}

// tell calls one of the sockets.
func (l *lab) tell(to *actor.PID, what any) {
	l.t.Helper()
	if _, err := messages.Call(l.t.Context(), l.system.Root, to, what); err != nil {
		l.t.Fatal(err)
	}
}
