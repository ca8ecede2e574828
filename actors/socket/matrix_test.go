package socket_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// page is the document whose tables these tests are about.
func page(t testing.TB) string {
	text, err := os.ReadFile("../../docs/backpressure.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestMatrix plays every cell of the tables in docs/backpressure.md on real sockets, says what was
// seen in the words of the legend, and compares. So a cell that is not tested cannot be written, and
// one that is wrong does not last.
func TestMatrix(t *testing.T) {
	document := page(t)
	doc := parseMatrix(document)
	for _, complaint := range doc.complaints(t) {
		t.Error(complaint)
	}
	var mu sync.Mutex
	seen := map[cell]string{}
	t.Run("cells", func(t *testing.T) {
		for _, c := range doc.inOrder() {
			t.Run(c.String(), func(t *testing.T) {
				t.Parallel()
				code := c.play(t)
				if code != doc.cells[c] {
					t.Error(difference(c, doc.cells[c], code))
				}
				mu.Lock()
				defer mu.Unlock()
				seen[c] = code
			})
		}
	})
	t.Run("doctored", func(t *testing.T) {
		if len(seen) < len(doc.cells) || len(doc.differences(seen)) > 0 {
			t.Skip("not every cell was played, or not every one is right")
		}
		t.Logf("%d cells", len(seen))
		findsEveryWrongCell(t, document, seen)
	})
}

// play plays a cell and says what was seen. It does not know what the document says.
func (c cell) play(t *testing.T) string {
	scene := scenes[c.condition]
	p := plan{typ: c.typ}
	for _, option := range c.options() {
		if matrixOptions[option].apply == nil {
			return "no such option"
		}
		matrixOptions[option].apply(&p)
	}
	if scene == nil {
		return "no such condition"
	}
	return scene(newStage(t, p))
}

// findsEveryWrongCell writes something wrong into one place of the document after the other, and sees
// that exactly this is reported: one cell of the first tables, or one row of the second.
func findsEveryWrongCell(t *testing.T, document string, seen map[cell]string) {
	right := parseMatrix(document)
	wrongs := 0
	for at, line := range strings.Split(document, "\n") {
		for column := range columns(line) {
			doctored := doctor(document, at, column, "lost")
			var want []string
			wrong := parseMatrix(doctored)
			for c, code := range wrong.cells {
				if right.cells[c] != "" && code != right.cells[c] {
					want = append(want, difference(c, code, right.cells[c]))
				}
			}
			if len(want) == 0 || !slices.Contains(columns(strings.Split(doctored, "\n")[at]), "lost") {
				continue // a head, a name, the legend
			}
			wrongs++
			slices.Sort(want)
			if got := wrong.differences(seen); !slices.Equal(got, want) {
				t.Errorf("line %d, column %d: %q, not %q", at+1, column+1, got, want)
			}
		}
	}
	if first := len(allTypes()) * len(scenes); wrongs <= first {
		t.Errorf("%d places were tried, and the first tables alone have %d", wrongs, first)
	}
}

// doctor writes text into a column of a line.
func doctor(document string, at, column int, text string) string {
	lines := strings.Split(document, "\n")
	parts := strings.Split(lines[at], "|")
	parts[column+1] = " " + text + " "
	lines[at] = strings.Join(parts, "|")
	return strings.Join(lines, "\n")
}

// The document alone, before anything is played, is checked for what is missing or makes no sense.
func TestMatrixComplaints(t *testing.T) {
	document := page(t)
	for _, c := range []struct{ what, old, new, complaint string }{
		{"an empty cell", "| PUSH | rejected full |", "| PUSH | |", `PUSH, outbox full: nothing is said`},
		{"no such row", "| PAIR | rejected full |", "| DEALER | rejected full |", `PAIR, wrong turn: nothing is said`},
		{"a row twice", "| PAIR | rejected full |", "| DEALER | rejected full |", `DEALER, outbox full: said twice`},
		{"no such type", "| PAIR | rejected full |", "| PAIRS | rejected full |", `no type "PAIRS"`},
		{"a column too few", "| PAIR | rejected full |", "| PAIR |", `6 columns, not 7`},
		{"an unknown code", "| PUSH | rejected full |", "| PUSH | refused |", `PUSH, outbox full: the legend does not know "refused"`},
		{"an unknown condition", "| peer mute |", "| peer dumb |", `REQ, peer dumb: no such condition`},
		{"a condition too few", "| peer mute |", "| peer dumb |", `REQ, peer mute: nothing is said`},
		{"an explanation too many", "\n| waits |", "\n| hopes | for the best | nowhere |\n| waits |", `"hopes" is in the legend and nowhere else`},
		{"an explanation twice", "\n| waits |", "\n| waits | for the best | nowhere |\n| waits |", `"waits" is explained twice`},
		{"no explanation", "\n| waits |", "\n| stays |", `the legend does not know "waits"`},
		{"an option too few", "`Lockstep`", "`InService`", `option Lockstep is not in the table`},
		{"an option too many", "`Lockstep`", "`Bunkstep`", `no such option`},
		{"a type too few", "| PUB, XPUB | peer mute | `DropSlow`", "| PUB | peer mute | `DropSlow`", `XPUB, peer mute, DropSlow: nothing is said`},
	} {
		t.Run(c.what, func(t *testing.T) {
			doctored := strings.Replace(document, c.old, c.new, 1)
			if doctored == document {
				t.Fatalf("%q is not there", c.old)
			}
			complaints := parseMatrix(doctored).complaints(t)
			if !slices.ContainsFunc(complaints, func(s string) bool { return strings.Contains(s, c.complaint) }) {
				t.Errorf("no complaint that %q in %s", c.complaint, fmt.Sprintf("%q", complaints))
			}
		})
	}
}
