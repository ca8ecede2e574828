package socket_test

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestMatrix plays every cell of the tables in docs/backpressure.md on real sockets, says what was
// seen in the words of the legend, and compares. So a cell that is not tested cannot be written, and
// one that is wrong does not last.
func TestMatrix(t *testing.T) {
	text, err := os.ReadFile(matrixPage())
	if err != nil {
		t.Fatal(err)
	}
	document := string(text)
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
				seen[c] = code
				mu.Unlock()
			})
		}
	})
	t.Logf("%d cells", len(seen))
}

// play plays a cell and says what was seen.
func (c cell) play(t *testing.T) string {
	p := plan{typ: c.typ}
	for _, option := range c.options() {
		matrixOptions[option].apply(&p)
	}
	return scenes[c.condition](newStage(t, p))
}

var _ = slices.Sort[[]string]
var _ = strings.Cut

func matrixPage() string {
	if p := os.Getenv("MATRIX_PAGE"); p != "" {
		return p
	}
	return "../../docs/backpressure.md"
}
