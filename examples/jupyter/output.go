package main

import (
	"strings"
	"unicode/utf8"
)

// Kind is what an output is.
type Kind string

// The kinds of output.
const (
	Stdout    Kind = "stdout"
	Stderr    Kind = "stderr"
	Result    Kind = "result"
	Display   Kind = "display"
	Traceback Kind = "traceback"
)

// Output is a piece of a cell's output. Execute.Out gets them as they come.
type Output struct {
	Cell int
	Kind Kind
	Text string
}

// Limit bounds the output of a cell that is kept and passed on. Defaults: 1,000 pieces and 64 KiB. The
// beginning is kept.
type Limit struct{ Pieces, Bytes int }

func (l Limit) withDefaults() Limit {
	if l.Pieces == 0 {
		l.Pieces = 1000
	}
	if l.Bytes == 0 {
		l.Bytes = 64 << 10
	}
	return l
}

// Omitted is how much of a cell's output was beyond its Limit.
type Omitted struct{ Pieces, Bytes int }

// transcript takes output until its limit is reached, and counts from then on.
type transcript struct {
	left    Limit
	omitted Omitted
}

// take returns what is to be kept of an output; nil: nothing. A piece of which a part is left out counts as
// left out.
func (t *transcript) take(out *Output) *Output {
	if out == nil {
		return nil
	}
	if t.omitted.Pieces == 0 && t.left.Pieces > 0 && len(out.Text) <= t.left.Bytes {
		t.left.Pieces--
		t.left.Bytes -= len(out.Text)
		return out
	}
	first := t.omitted.Pieces == 0 && t.left.Pieces > 0
	t.omitted.Pieces++
	if !first {
		t.omitted.Bytes += len(out.Text)
		return nil
	}
	n := t.left.Bytes
	for n > 0 && !utf8.RuneStart(out.Text[n]) {
		n--
	}
	t.omitted.Bytes += len(out.Text) - n
	if n == 0 {
		return nil
	}
	return &Output{Kind: out.Kind, Text: out.Text[:n]}
}

// read makes an output of what was published for a cell; nil: it is none.
func read(m *message) (*Output, error) {
	switch m.Header.Type {
	case "stream":
		s, err := contentOf[stream](m)
		if s.Name == string(Stderr) {
			return &Output{Kind: Stderr, Text: s.Text}, err
		}
		return &Output{Kind: Stdout, Text: s.Text}, err
	case "execute_result":
		d, err := contentOf[display](m)
		return &Output{Kind: Result, Text: d.text()}, err
	case "display_data", "update_display_data":
		d, err := contentOf[display](m)
		return &Output{Kind: Display, Text: d.text()}, err
	case "error":
		r, err := contentOf[raised](m)
		return &Output{Kind: Traceback, Text: strings.Join(r.Traceback, "\n")}, err
	}
	return nil, nil
}

// End is how it was known that a cell has ended.
type End int

// The ends of a cell.
const (
	Idle      End = iota // the kernel has said so, and everything it has published was seen
	Overtaken            // the kernel's word for it was lost, and perhaps output, in a flood of it
	Unknown              // nothing came on iopub any more, or no reply
)

// Outcome is what has become of a cell that has run.
type Outcome struct {
	Cell     int // ours, from 1
	Count    int // the kernel's execution count, 0 where it has not said
	Err      error
	Output   []Output
	Omitted  Omitted // beyond Execute.Limit
	TooLarge uint64  // messages of more than 8 MiB, which were not even received
	End      End
}

// Text is all output of a kind.
func (o *Outcome) Text(k Kind) string {
	var b strings.Builder
	for _, out := range o.Output {
		if out.Kind == k {
			b.WriteString(out.Text)
		}
	}
	return b.String()
}

// maxTraceback bounds the traceback of an error, in lines.
const maxTraceback = 100

func (o *Outcome) traceback(lines []string) []string {
	return lines[:min(len(lines), maxTraceback)]
}
