package fake_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

func errorsPage(t *testing.T) string {
	text, err := os.ReadFile("../../../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestErrors plays every row of the tables in docs/errors.md: it has a call answer the number, says
// what became of the socket in the words of the legend, and compares.
func TestErrors(t *testing.T) {
	document := errorsPage(t)
	doc := parseErrors(document)
	for _, complaint := range doc.complaints() {
		t.Error(complaint)
	}
	var mu sync.Mutex
	seen := map[errorCell]string{}
	t.Run("cells", func(t *testing.T) {
		for _, c := range doc.inOrder() {
			if c.situation == theClass {
				continue // seen while the others are played
			}
			t.Run(c.String(), func(t *testing.T) {
				t.Parallel()
				outcome, class := c.play(t)
				mu.Lock()
				defer mu.Unlock()
				seen[c] = outcome
				if at := c.ofClass(); seen[at] == "" {
					seen[at] = class
				} else if seen[at] != class {
					t.Errorf("%v: of class %q, but %q elsewhere", c, class, seen[at])
				}
			})
		}
	})
	if len(seen) < len(doc.cells) {
		t.Skip("not every row was played")
	}
	differences := doc.differences(seen)
	for _, d := range differences {
		t.Error(d)
	}
	t.Run("doctored", func(t *testing.T) {
		if len(differences) > 0 {
			t.Skip("not every row is right")
		}
		findsEveryWrongRow(t, document, seen)
	})
}

// findsEveryWrongRow writes something wrong into one place of the tables after the other, and sees
// that exactly this is reported.
func findsEveryWrongRow(t *testing.T, document string, seen map[errorCell]string) {
	right := parseErrors(document)
	wrongs := 0
	for at, line := range strings.Split(document, "\n") {
		for column, text := range errorColumns(line) {
			for _, other := range []string{"reopened", "wrong"} {
				if other == text {
					continue
				}
				wrong := parseErrors(writeInto(document, at, column, other))
				var want []string
				for c, is := range wrong.cells {
					if right.cells[c] != "" && right.cells[c] != is {
						want = append(want, errorDifference(c, is, right.cells[c]))
					}
				}
				if len(want) == 0 || len(wrong.cells) != len(right.cells) {
					continue // a head, a number, the legend
				}
				wrongs++
				slices.Sort(want)
				if got := wrong.differences(seen); !slices.Equal(got, want) {
					t.Errorf("line %d, column %d: %q, not %q", at+1, column+1, got, want)
				}
			}
		}
	}
	if wrongs < len(right.cells) {
		t.Errorf("%d places were tried, and there are %d", wrongs, len(right.cells))
	}
}

func writeInto(document string, at, column int, text string) string {
	lines := strings.Split(document, "\n")
	parts := strings.Split(lines[at], "|")
	parts[column+1] = " " + text + " "
	lines[at] = strings.Join(parts, "|")
	return strings.Join(lines, "\n")
}

// The document alone is checked for what is missing or makes no sense.
func TestErrorsComplaints(t *testing.T) {
	document := errorsPage(t)
	for _, c := range []struct{ what, old, new, complaint string }{
		{"a row of the manual too few", "| EADDRNOTAVAIL |", "| ENETDOWN |", "bind, EADDRNOTAVAIL: not in the table, but in the manual"},
		{"a number that is not transient too few", "| ELOOP |", "| EMLINK |", "ELOOP is wrong, but in no table"},
		{"a row twice", "| EMFILE | no descriptor is left; but", "| ENFILE | no descriptor is left; but", "bind, ENFILE, at open: said twice"},
		{"no such number", "| EMTHREAD |", "| EMTHREADS |", `no error number "EMTHREADS"`},
		{"no such situation", "| options | when | at open |", "| options | when | at noon |", `options, EINVAL, at noon: no such situation`},
		{"a situation too few", "| bind | when | at open | as a command |", "| bind | when | at open | at open |", "bind, EINVAL, as a command: nothing is said"},
		{"no such call", "| poll | when |", "| pool | when |", "poll: has no table"},
		{"an empty place", "| EINVAL | – | logged | wrong |", "| EINVAL | – | | wrong |", "poll, EINVAL, in service: nothing is said"},
		{"an unknown outcome", "| EINVAL | – | logged |", "| EINVAL | – | noticed |", `poll, EINVAL, in service: the legend does not know "noticed"`},
		{"an unknown class", "| EINVAL | – | logged | wrong |", "| EINVAL | – | logged | evil |", `poll, EINVAL, class: the legend does not know "evil"`},
		{"no explanation", "\n| logged |", "\n| noted |", `the legend does not know "logged"`},
		{"an explanation too many", "\n| logged |", "\n| hopes | for the best |\n| logged |", `"hopes" is in the legend and nowhere else`},
		{"a column too few", "| EBADF | – | logged |", "| EBADF | logged |", "3 columns, not 4"},
	} {
		t.Run(c.what, func(t *testing.T) {
			doctored := strings.Replace(document, c.old, c.new, 1)
			if doctored == document {
				t.Fatalf("%q is not there", c.old)
			}
			complaints := parseErrors(doctored).complaints()
			if !slices.ContainsFunc(complaints, func(s string) bool { return strings.Contains(s, c.complaint) }) {
				t.Errorf("no complaint that %q in %q", c.complaint, complaints)
			}
		})
	}
}

// Numbers that no call returns are transient, and pebbe's errors without a number have their class.
func TestErrorsUnknown(t *testing.T) {
	if class := zmqthread.ClassOf(fmt.Errorf("send: %w", unix.EXFULL)); class != zmqthread.Transient {
		t.Error(class)
	}
	for err, want := range pebbes {
		if class := zmqthread.ClassOf(fmt.Errorf("Configure: %w", err)); class != want {
			t.Errorf("%v is %v", err, class)
		}
	}
}

// numbers are all error numbers by name.
var numbers = sync.OnceValue(func() map[string]syscall.Errno {
	all := map[string]syscall.Errno{}
	for n := range syscall.Errno(256) {
		if name := unix.ErrnoName(n); name != "" {
			all[name] = n
		}
	}
	for name, n := range zeroMQs {
		all[name] = syscall.Errno(n)
	}
	all["ENOTSUP"] = syscall.ENOTSUP // which Linux calls EOPNOTSUPP
	delete(all, "EOPNOTSUPP")
	return all
})
