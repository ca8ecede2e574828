package fake_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
)

// errorCell is where an outcome stands, or, with theClass for a situation, a class.
type errorCell struct{ call, errno, situation string }

const theClass = "class"

func (c errorCell) String() string { return c.call + ", " + c.errno + ", " + c.situation }

func (c errorCell) ofClass() errorCell { return errorCell{c.call, c.errno, theClass} }

// errorTables are what the document says.
type errorTables struct {
	cells  map[errorCell]string
	legend map[string]bool
	wrong  []string // what cannot be read
}

var zeroMQs = map[string]zmq.Errno{"EFSM": zmq.EFSM, "ETERM": zmq.ETERM, "EMTHREAD": zmq.EMTHREAD, "ENOCOMPATPROTO": zmq.ENOCOMPATPROTO}

// pebbes are its errors without a number.
var pebbes = map[error]zmqthread.Class{
	zmq.ErrorContextClosed: zmqthread.Gone, zmq.ErrorSocketClosed: zmqthread.Gone,
	zmq.ErrorNotImplemented405: zmqthread.Wrong, zmq.ErrorNotImplemented41: zmqthread.Wrong,
	zmq.ErrorNotImplemented42: zmqthread.Wrong, zmq.ErrorNotImplementedWindows: zmqthread.Wrong,
}

// manual is what the manual pages of ZeroMQ 4.3 have under ERRORS.
var manual = map[string]string{
	"socket":      "EINVAL EFAULT EMFILE ETERM",
	"options":     "EINVAL ETERM ENOTSOCK",
	"subscribe":   "EINVAL ETERM ENOTSOCK EINTR",
	"unsubscribe": "EINVAL ETERM ENOTSOCK EINTR",
	"monitor":     "ETERM EPROTONOSUPPORT EINVAL",
	"bind":        "EINVAL EPROTONOSUPPORT ENOCOMPATPROTO EADDRINUSE EADDRNOTAVAIL ENODEV ETERM ENOTSOCK EMTHREAD",
	"connect":     "EINVAL EPROTONOSUPPORT ENOCOMPATPROTO ETERM ENOTSOCK EMTHREAD",
	"unbind":      "EINVAL ETERM ENOTSOCK ENOENT",
	"disconnect":  "EINVAL ETERM ENOTSOCK ENOENT",
	"send":        "EAGAIN ENOTSUP EINVAL EFSM ETERM ENOTSOCK EINTR EFAULT EHOSTUNREACH",
	"receive":     "EAGAIN ENOTSUP EFSM ETERM ENOTSOCK EINTR EFAULT",
	"events":      "EINVAL ETERM ENOTSOCK EINTR",
	"poll":        "ETERM EFAULT EINTR",
	"close":       "ENOTSOCK",
}

// parseErrors finds the tables of a document by the heads of their columns: the call, "when", the
// situations and "class"; and the legends.
func parseErrors(document string) *errorTables {
	d := &errorTables{cells: map[errorCell]string{}, legend: map[string]bool{}}
	var head []string
	for line := range strings.Lines(document) {
		row := errorColumns(line)
		switch {
		case row == nil:
			head = nil
		case head == nil:
			head = row
		case strings.Trim(strings.Join(row, ""), "-: ") == "":
		case len(row) != len(head):
			d.complain("%d columns, not %d: %s", len(row), len(head), strings.TrimSpace(line))
		case slices.Equal(head[1:], []string{"is that"}):
			d.legend[row[0]] = true
		case head[1] == "when":
			for i := 2; i < len(row); i++ {
				d.say(errorCell{head[0], row[0], head[i]}, row[i])
			}
		}
	}
	return d
}

func errorColumns(line string) (row []string) {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "|") || !strings.HasSuffix(line, "|") || len(line) < 2 {
		return nil
	}
	for c := range strings.SplitSeq(line[1:len(line)-1], "|") {
		row = append(row, strings.TrimSpace(c))
	}
	return row
}

func (d *errorTables) complain(format string, args ...any) {
	d.wrong = append(d.wrong, fmt.Sprintf(format, args...))
}

func (d *errorTables) say(c errorCell, is string) {
	if d.cells[c] != "" {
		d.complain("%v: said twice", c)
	}
	d.cells[c] = is
}

// complaints are what is wrong with the document by itself.
func (d *errorTables) complaints() []string {
	all := slices.Clone(d.wrong)
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	used, rows, calls := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for c, is := range d.cells {
		used[is], rows[c.call+", "+c.errno], calls[c.call], rows[c.errno] = true, true, true, true
		if _, known := numbers()[c.errno]; !known {
			add("%v: no error number %q", c, c.errno)
		}
		switch {
		case c.situation != theClass && trials[c.call][c.situation] == nil:
			add("%v: no such situation", c)
		case is == "":
			add("%v: nothing is said", c)
		case !d.legend[is]:
			add("%v: the legend does not know %q", c, is)
		}
		for situation := range trials[c.call] {
			if missing := (errorCell{c.call, c.errno, situation}); d.cells[missing] == "" {
				add("%v: nothing is said", missing)
			}
		}
	}
	for is := range d.legend {
		if !used[is] {
			add("%q is in the legend and nowhere else", is)
		}
	}
	for call := range trials {
		if !calls[call] {
			add("%s: has no table", call)
		}
		for errno := range strings.FieldsSeq(manual[call]) {
			if !rows[call+", "+errno] {
				add("%s, %s: not in the table, but in the manual", call, errno)
			}
		}
	}
	for name, n := range numbers() {
		if class := zmqthread.ClassOf(native.Error(n)); class != zmqthread.Transient && !rows[name] {
			add("%s is %v, but in no table", name, class)
		}
	}
	slices.Sort(all)
	return all
}

// differences are the cells of which d says something else than what was seen.
func (d *errorTables) differences(seen map[errorCell]string) (all []string) {
	for c, is := range d.cells {
		if seen[c] != is {
			all = append(all, errorDifference(c, is, seen[c]))
		}
	}
	slices.Sort(all)
	return all
}

func errorDifference(c errorCell, says, seen string) string {
	return fmt.Sprintf("%v: the document says %q, seen is %q", c, says, seen)
}

// inOrder are the cells, sorted.
func (d *errorTables) inOrder() []errorCell {
	return slices.SortedFunc(maps.Keys(d.cells), func(a, b errorCell) int { return strings.Compare(a.String(), b.String()) })
}
