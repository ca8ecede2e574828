package main

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// One kernel for all that leaves it as it was.
func TestCells(t *testing.T) {
	l := startLab(t, quick(t))
	for name, test := range map[string]func(*testing.T, *lab){
		"result": testResult, "display": testDisplay, "stream": testStream, "error": testError,
		"input": testInput, "input ends": testInputEnds, "no input": testNoInput, "nobody answers": testNobodyAnswers,
		"interrupt": testInterrupt, "interrupt input": testInterruptInput, "interrupt at once": testInterruptAtOnce,
		"cancel": testCancel, "queue": testQueue, "after an error": testAfterError,
		"omitted": testOmitted, "too large": testTooLarge, "forged": testForged, "malformed": testMalformed,
	} {
		t.Run(name, func(t *testing.T) {
			test(t, &lab{desk: l.desk, t: t, out: l.out, got: l.got, asked: l.asked, answers: l.answers, told: l.told})
		})
	}
	if s := l.now(); s.Life != 1 {
		t.Errorf("that took %d kernels", s.Life)
	}
}

// well is what every cell that ends as it should has in common.
func well(t *testing.T, o *Outcome) {
	t.Helper()
	if o.Err != nil || o.End != Idle || o.Omitted != (Omitted{}) || o.TooLarge != 0 {
		t.Errorf("%+v", o)
	}
}

func testResult(t *testing.T, l *lab) {
	first, second := l.run("6 * 7"), l.run("_ + 1")
	well(t, first)
	well(t, second)
	if first.Text(Result) != "42" || second.Text(Result) != "43" || second.Count != first.Count+1 || second.Cell != first.Cell+1 {
		t.Errorf("%+v, %+v", first, second)
	}
}

func testDisplay(t *testing.T, l *lab) {
	o := l.run("from IPython.display import display, HTML\ndisplay({'a': 1})\ndisplay(HTML('<b>'))")
	well(t, o)
	if len(o.Output) != 2 || o.Text(Display) != "{'a': 1}<IPython.core.display.HTML object>" {
		t.Errorf("%+v", o)
	}
}

// Output comes while the cell runs: it waits for a file that appears when the output was seen.
func testStream(t *testing.T, l *lab) {
	name := t.TempDir() + "/seen"
	ended := l.begin("import os, sys, time\nprint('opening', flush=True)\nprint('wrong', file=sys.stderr, flush=True)\n" +
		"while not os.path.exists('" + name + "'): time.sleep(0.01)\nprint('last')")
	if o := l.sees("opening"); o.Kind != Stdout || strings.TrimSpace(o.Text) != "opening" { // the end of the line is a piece of its own, at times
		t.Errorf("%+v", o)
	}
	if o := l.sees("wrong"); o.Kind != Stderr {
		t.Errorf("%+v", o)
	}
	select {
	case r := <-ended:
		t.Fatalf("ended before its output was seen: %+v", r)
	default:
	}
	if err := syscall.Mkdir(name, 0o700); err != nil {
		t.Fatal(err)
	}
	r := await(t, "the end", ended, any1)
	if r.err != nil {
		t.Fatal(r.err)
	}
	well(t, r.o)
	if r.o.Text(Stdout) != "opening\nlast\n" || r.o.Text(Stderr) != "wrong\n" {
		t.Errorf("%+v", r.o)
	}
}

func testError(t *testing.T, l *lab) {
	o := l.run("def half(n):\n    return 1 / n\nhalf(0)")
	var e *cellError
	if !errors.As(o.Err, &e) || e.name != "ZeroDivisionError" || e.value != "division by zero" || o.End != Idle {
		t.Fatalf("%+v", o)
	}
	for _, text := range []string{strings.Join(e.traceback, "\n"), o.Text(Traceback)} {
		if text = escape.ReplaceAllString(text, ""); !strings.Contains(text, "return 1 / n") || !strings.Contains(text, "half(0)") {
			t.Errorf("the traceback is\n%s", text)
		}
	}
}

// A kernel that was told to stop on errors would abort the cells that come right behind.
func testAfterError(t *testing.T, l *lab) {
	failing, next := l.begin("1 / 0"), l.begin("'next'")
	if r := await(t, "the failing cell", failing, any1); r.err != nil || r.o.Err == nil {
		t.Errorf("%+v", r)
	}
	if r := await(t, "the next", next, any1); r.err != nil || r.o.Text(Result) != "'next'" {
		t.Errorf("%+v", r)
	}
}

func testInput(t *testing.T, l *lab) {
	l.answers <- &Answer{Text: "Ada"}
	l.answers <- &Answer{Text: "secret ✓"}
	o := l.run("import getpass\nname = input('name? ')\nword = getpass.getpass('word? ')\nprint(name, word)")
	well(t, o)
	if o.Text(Stdout) != "Ada secret ✓\n" {
		t.Errorf("%+v", o)
	}
	name := await(t, "a question", l.asked, any1)
	word := await(t, "a question", l.asked, any1)
	if name.Prompt != "name? " || name.Password || word.Prompt != "word? " || !word.Password || name.Cell != o.Cell {
		t.Errorf("%+v, %+v", name, word)
	}
	late := l.now().Late
	l.system.Root.Send(name.From, &Answer{To: name, Text: "again"}) // too late
	if o := l.run("1"); o.Err != nil || l.now().Late != late+1 {
		t.Errorf("%+v, %+v", o, l.now())
	}
}

func testInputEnds(t *testing.T, l *lab) {
	l.answers <- &Answer{EOF: true}
	o := l.run("input()")
	await(t, "the question", l.asked, any1)
	if e := new(cellError); !errors.As(o.Err, &e) || e.name != "EOFError" {
		t.Errorf("%+v", o)
	}
}

func testNoInput(t *testing.T, l *lab) {
	o, err := l.try(&Execute{Code: "input()"})
	if err != nil {
		t.Fatal(err)
	}
	if e := new(cellError); !errors.As(o.Err, &e) || e.name != "StdinNotImplementedError" {
		t.Errorf("%+v", o)
	}
}

func testNobodyAnswers(t *testing.T, l *lab) {
	nobody := l.system.NewLocalPID("nobody")
	o, err := l.try(&Execute{Code: "input()", Out: nobody})
	if err != nil {
		t.Fatal(err)
	}
	if e := new(cellError); !errors.As(o.Err, &e) || e.name != "EOFError" {
		t.Errorf("%+v", o)
	}
}

func (l *lab) wasInterrupted(ended <-chan result) {
	l.t.Helper()
	r := await(l.t, "the end", ended, any1)
	if r.err != nil {
		l.t.Fatal(r.err)
	}
	if e := new(cellError); !errors.As(r.o.Err, &e) || e.name != "KeyboardInterrupt" || r.o.End != Idle {
		l.t.Errorf("%+v", r.o)
	}
}

func testInterrupt(t *testing.T, l *lab) {
	ended := l.forever()
	if answer, err := l.call(Interrupt{}); err != nil {
		t.Error(answer, err)
	}
	l.wasInterrupted(ended)
	if _, err := l.call(Interrupt{}); !errors.Is(err, errIdle) {
		t.Error(err)
	}
	well(t, l.run("'well'"))
}

func testInterruptInput(t *testing.T, l *lab) {
	ended := l.begin("input('never answered')")
	q := await(t, "the question", l.asked, any1)
	if _, err := l.call(Interrupt{}); err != nil {
		t.Error(err)
	}
	l.wasInterrupted(ended)
	l.system.Root.Send(q.From, &Answer{To: q, Text: "too late"})
	well(t, l.run("'well'"))
}

// An interrupt that comes before the cell has begun waits for it: the kernel would not notice.
func testInterruptAtOnce(t *testing.T, l *lab) {
	ended := l.begin(endlessly("at once"))
	var err error
	until(t, "there is something to be interrupted", func() bool {
		_, err = l.call(Interrupt{})
		return !errors.Is(err, errIdle) || len(ended) > 0
	})
	if r := await(t, "the end", ended, any1); err != nil || r.err != nil || r.o.Err == nil {
		t.Errorf("%v; %+v", err, r)
	}
	well(t, l.run("'well'"))
}

func testQueue(t *testing.T, l *lab) {
	first := l.forever()
	var others []<-chan result
	for range quick(t).Queue {
		others = append(others, l.begin("'waited'"))
	}
	rig.Until(t, "the queue is full", func() bool { return l.now().Waiting == quick(t).Queue })
	if _, err := l.try(&Execute{Code: "1"}); !errors.Is(err, errFull) {
		t.Error(err)
	}
	if _, err := l.call(Interrupt{}); err != nil {
		t.Error(err)
	}
	l.wasInterrupted(first)
	for _, other := range others {
		if r := await(t, "a cell that waited", other, any1); r.err != nil || r.o.Text(Result) != "'waited'" {
			t.Errorf("%+v", r)
		}
	}
}

// Whoever gives up has the cell interrupted, or it never begins.
func testCancel(t *testing.T, l *lab) {
	call := func(code string) (cancel func()) {
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := messages.Call(ctx, l.system.Root, l.kernel, &Execute{Code: code, Out: l.out})
			ended <- err
		}()
		return func() {
			stop()
			if err := await(t, "the end", ended, any1); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
	}
	first := call(endlessly("first"))
	l.sees("first")
	second := call("began = True")
	rig.Until(t, "the second waits", func() bool { return l.now().Waiting == 1 })
	second()
	first()
	if o := l.run("'began' in globals()"); o.Text(Result) != "False" {
		t.Errorf("%+v", o)
	}
}
