package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// teller is the actor that prints, in the order in which things reach it: what the kernel's supervisor
// tells, and the output of cells as it comes.
type teller struct {
	out     io.Writer
	began   time.Time // zero: no times are printed
	answers []string  // to questions, in order; then it is the end of the input
	asked   chan<- *Question
	watch   func(*Output) // called with what is printed; nil: nobody wants to know
	err     error         // of out
}

// line is one to print.
type line struct{ who, what string }

func (t *teller) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case line:
		t.print(m.who, m.what)
	case up:
		t.print("kernel", fmt.Sprintf("%d is up, process %d: %s %s, %s %s, protocol %s", m.life, m.pid,
			m.info.Implementation, m.info.Version, m.info.Language.Name, m.info.Language.Version, m.info.Protocol))
	case down:
		t.print("kernel", fmt.Sprintf("%d is down: %v", m.life, m.err))
	case gone:
		t.print("kernel", "there will be no other")
	case *Output:
		t.print(string(m.Kind), m.Text)
		if t.watch != nil {
			t.watch(m)
		}
	case *Question:
		t.ask(c, m)
	}
}

// ask answers a question, or has it answered elsewhere.
func (t *teller) ask(c actor.Context, q *Question) {
	t.print("asks", q.Prompt)
	if t.asked != nil {
		t.asked <- q
		return
	}
	a := &Answer{To: q, EOF: len(t.answers) == 0}
	if !a.EOF {
		a.Text, t.answers = t.answers[0], t.answers[1:]
		t.print("answers", a.Text)
	}
	c.Respond(a)
}

var escape = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]")

// print prints text line by line, without colours.
func (t *teller) print(who, text string) {
	for _, l := range strings.Split(strings.TrimRight(escape.ReplaceAllString(text, ""), "\n"), "\n") {
		stamp := ""
		if !t.began.IsZero() {
			stamp = fmt.Sprintf("%7.3f  ", time.Since(t.began).Seconds())
		}
		if _, err := fmt.Fprintf(t.out, "%s%-9s  %s\n", stamp, who, l); t.err == nil {
			t.err = err
		}
	}
}
