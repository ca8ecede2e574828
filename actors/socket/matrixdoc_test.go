package socket_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	zmq "github.com/pebbe/zmq4"
)

// cell is where a code stands: in the first tables without an option, in the second with one, or
// several.
type cell struct {
	typ               zmq.Type
	condition, option string
}

func (c cell) String() string {
	if c.option == "" {
		return c.typ.String() + ", " + c.condition
	}
	return c.typ.String() + ", " + c.condition + ", " + c.option
}

// matrix is what a document says: its cells, and what their codes mean.
type matrix struct {
	cells  map[cell]string
	legend map[string]string
	wrong  []string // what cannot be read
}

// parseMatrix finds the tables of a document by their first column's head.
func parseMatrix(document string) *matrix {
	m := &matrix{cells: map[cell]string{}, legend: map[string]string{}}
	var head []string
	for line := range strings.Lines(document) {
		row := columns(line)
		switch {
		case row == nil:
			head = nil
		case head == nil:
			head = row
		case strings.Trim(strings.Join(row, ""), "-: ") == "":
		case len(row) != len(head):
			m.complain("%d columns, not %d: %s", len(row), len(head), strings.TrimSpace(line))
		case head[0] == "type":
			for i := range row[1:] {
				m.say(row[0], head[i+1], "", row[i+1])
			}
		case slices.Equal(head, []string{"types", "condition", "option", "outcome"}):
			m.say(row[0], row[1], row[2], row[3])
		case head[0] == "code":
			if m.legend[row[0]] != "" {
				m.complain("%q is explained twice", row[0])
			}
			m.legend[row[0]] = row[1]
		}
	}
	return m
}

// columns splits a line of a table; nil if it is none.
func columns(line string) (row []string) {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "|") || !strings.HasSuffix(line, "|") || len(line) < 2 {
		return nil
	}
	for c := range strings.SplitSeq(line[1:len(line)-1], "|") {
		row = append(row, strings.TrimSpace(strings.ReplaceAll(c, "`", "")))
	}
	return row
}

func (m *matrix) complain(format string, args ...any) {
	m.wrong = append(m.wrong, fmt.Sprintf(format, args...))
}

// say notes what a row says of some types.
func (m *matrix) say(types, condition, option, code string) {
	for _, typ := range m.typesOf(types) {
		c := cell{typ, condition, option}
		if m.cells[c] != "" {
			m.complain("%v: said twice", c)
		}
		m.cells[c] = code
	}
}

// typesOf understands "PUB, XPUB", "that send", "that receive", and "that … but PUB, XPUB".
func (m *matrix) typesOf(s string) (types []zmq.Type) {
	all, but, _ := strings.Cut(s, " but ")
	switch all {
	case "that send":
		return without(senders(), m.typesOf(but)...)
	case "that receive":
		return without(receivers(), m.typesOf(but)...)
	case "":
		return nil
	}
	for name := range strings.SplitSeq(s, ", ") {
		i := slices.IndexFunc(allTypes(), func(t zmq.Type) bool { return t.String() == name })
		if i < 0 {
			m.complain("no type %q", name)
			continue
		}
		types = append(types, allTypes()[i])
	}
	return types
}

// complaints are what is wrong with a document by itself.
func (m *matrix) complaints(t testing.TB) []string {
	all := slices.Clone(m.wrong)
	used, options := map[string]bool{}, map[string]bool{}
	has := map[cell]bool{} // with one option each, whatever others are beside it
	for c, code := range m.cells {
		if used[code] = true; m.legend[code] == "" {
			all = append(all, fmt.Sprintf("%v: the legend does not know %q", c, code))
		}
		if scenes[c.condition] == nil {
			all = append(all, fmt.Sprintf("%v: no such condition", c))
		}
		for _, option := range c.options() {
			options[option] = true
			has[cell{c.typ, c.condition, option}] = true
			if matrixOptions[option].apply == nil {
				all = append(all, fmt.Sprintf("%v: no such option", c))
			}
		}
	}
	for code := range m.legend {
		if !used[code] {
			all = append(all, fmt.Sprintf("%q is in the legend and nowhere else", code))
		}
	}
	for _, typ := range allTypes() {
		for condition := range scenes {
			if c := (cell{typ, condition, ""}); m.cells[c] == "" {
				all = append(all, fmt.Sprintf("%v: nothing is said", c))
			}
		}
	}
	for option, is := range matrixOptions {
		for _, typ := range is.types {
			for _, condition := range is.conditions {
				if c := (cell{typ, condition, option}); !has[c] && m.cells[cell{typ, condition, ""}] != "–" {
					all = append(all, fmt.Sprintf("%v: nothing is said", c))
				}
			}
		}
	}
	all = append(all, unsaid(t, options)...)
	slices.Sort(all)
	return all
}

func (c cell) options() []string {
	if c.option == "" {
		return nil
	}
	return strings.Split(c.option, ", ")
}

// differences are the cells of which m says something else than what was seen.
func (m *matrix) differences(seen map[cell]string) (all []string) {
	for c, code := range m.cells {
		if seen[c] != code {
			all = append(all, difference(c, code, seen[c]))
		}
	}
	for c := range seen {
		if m.cells[c] == "" {
			all = append(all, difference(c, "", seen[c]))
		}
	}
	slices.Sort(all)
	return all
}

func difference(c cell, says, seen string) string {
	return fmt.Sprintf("%v: the document says %q, seen is %q", c, says, seen)
}

// inOrder are the cells, sorted.
func (m *matrix) inOrder() []cell {
	return slices.SortedFunc(maps.Keys(m.cells), func(a, b cell) int { return strings.Compare(a.String(), b.String()) })
}
