package conformance

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// row is a line of the table in docs/conformance.md.
type row struct {
	name   string
	cases  map[string][]string // patterns of cases, by libzmq's file; none: all of its cases, or none of them
	ours   []string
	result string
}

var quoted = regexp.MustCompile("`([^`]+)`")

func words(cell string) (w []string) {
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		w = append(w, m[1])
	}
	return w
}

func readRows(t *testing.T) (rows []row) {
	t.Helper()
	text, err := os.ReadFile("../../docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "|---|---|---|---|\n")
	if !ok {
		t.Fatal("docs/conformance.md has no table")
	}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 {
			t.Errorf("%d cells: %s", len(cells), line)
			continue
		}
		r := row{name: strings.TrimSpace(cells[0]), cases: map[string][]string{}, ours: words(cells[2]), result: strings.TrimSpace(cells[3])}
		for file := range strings.SplitSeq(cells[1], ";") {
			w := words(file)
			r.cases[w[0]] = w[1:]
		}
		rows = append(rows, r)
	}
	return rows
}

// covers reports whether the row is about a case of a file of libzmq's.
func (r *row) covers(file, name string) bool {
	patterns, ok := r.cases[file]
	if !ok || len(patterns) == 0 {
		return ok
	}
	return slices.ContainsFunc(patterns, func(p string) bool {
		match, err := path.Match(p, strings.TrimPrefix(name, "test_"))
		return err == nil && match
	})
}

func TestDocument(t *testing.T) {
	rows := readRows(t)
	played := map[string]bool{}
	for _, c := range chapters {
		for _, s := range c.scenarios {
			if played[c.file+"/"+s.name] {
				t.Errorf("%s/%s is there twice", c.file, s.name)
			}
			played[c.file+"/"+s.name] = true
		}
	}
	named := map[string]bool{}
	for _, r := range rows {
		kind, why, _ := strings.Cut(r.result, ":")
		kind, _, _ = strings.Cut(strings.ReplaceAll(kind, ",", ";"), ";")
		switch applies := len(r.ours) > 0; {
		case strings.HasPrefix(kind, "as libzmq") && applies:
		case kind == "differs" && applies && why != "":
		case kind == "does not apply" && !applies && why != "":
		default:
			t.Errorf("%s: %v and %q", r.name, r.ours, r.result)
		}
		for _, ours := range r.ours {
			named[ours] = true
			if !played[ours] {
				t.Errorf("%s: there is no scenario %s", r.name, ours)
			}
		}
	}
	for name := range played {
		if !named[name] {
			t.Errorf("the scenario %s has no row", name)
		}
	}
}

// testdata has the names of libzmq's tests: a file, and a case that it runs, on each line.
func TestDocumentHasEveryCase(t *testing.T) {
	list, err := os.ReadFile("testdata/libzmq-4.3.4.txt")
	if err != nil {
		t.Fatal(err)
	}
	rows := readRows(t)
	used, cases := map[string]bool{}, map[string][]string{}
	for line := range strings.Lines(string(list)) {
		file, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		used[file], cases[file] = true, append(cases[file], name)
		if !slices.ContainsFunc(rows, func(r row) bool {
			return r.covers(file, name) && (name == "" || len(r.cases[file]) > 0 || alone(rows, file))
		}) {
			t.Errorf("no row for %s %s", file, name)
		}
	}
	for _, r := range rows {
		for file, patterns := range r.cases {
			if !used[file] {
				t.Errorf("%s: libzmq has no %s", r.name, file)
			}
			for _, p := range patterns {
				one := row{cases: map[string][]string{file: {p}}}
				if !slices.ContainsFunc(cases[file], func(name string) bool { return one.covers(file, name) }) {
					t.Errorf("%s: %s has no case %s", r.name, file, p)
				}
			}
		}
	}
}

// alone reports whether no row names cases of a file: then a row of it is about all of them. Otherwise such
// a row is about something that libzmq does not run.
func alone(rows []row, file string) bool {
	return !slices.ContainsFunc(rows, func(r row) bool { return len(r.cases[file]) > 0 })
}
