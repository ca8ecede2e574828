package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goBlocks are all blocks of Go of all documents.
func goBlocks(t *testing.T) (blocks []block) {
	t.Helper()
	for _, d := range documents(t) {
		for _, b := range d.blocks {
			if b.language == "go" {
				blocks = append(blocks, b)
			}
		}
	}
	return blocks
}

// elsewhere reports whether a block is of another module, where it is compiled.
func (b block) elsewhere() bool { return strings.HasPrefix(b.file, "bench/") }

// Every block of Go in the documents compiles, and one that is said to be of a file is in that file. Those of a
// file of another module, bench/, are compiled there: go vet does it in make test.
func TestBlocksCompile(t *testing.T) {
	blocks := goBlocks(t)
	if len(blocks) < 10 {
		t.Fatalf("only %d blocks of Go", len(blocks))
	}
	c := newCompiler(t)
	clear(c.used)
	for _, b := range blocks {
		if b.file != "" {
			if err := inFile(b); err != "" {
				t.Errorf("%s:%d: %s", b.doc, b.line, err)
			}
		}
		if b.elsewhere() {
			continue
		}
		for _, err := range c.check(b) {
			t.Error(err)
		}
	}
	for _, name := range c.declared() {
		if !c.used[name] {
			t.Errorf("testdata/given.go: no block uses %s", name)
		}
	}
}

// inFile says why a block is not what it is said to be: a file, or some lines of one, which may be indented there.
func inFile(b block) string {
	if !strings.HasSuffix(b.file, ".go") {
		return b.file + " is not a file of Go"
	}
	text, err := os.ReadFile(filepath.Join(root, b.file))
	if err != nil {
		return err.Error()
	}
	if isProgram(b.text) {
		if string(text) != b.text {
			return "is not " + b.file
		}
		return ""
	}
	if !strings.Contains(unindented(string(text)), unindented(b.text)) {
		return "these lines are not in " + b.file
	}
	return ""
}

func unindented(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		out.WriteString(strings.TrimLeft(line, "\t"))
	}
	return out.String()
}

// The test finds what is wrong with a block, and says where.
func TestBrokenBlocksAreFound(t *testing.T) {
	c := newCompiler(t)
	for _, x := range []struct{ text, wrong string }{
		{"pid := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Rep}))\n", ""},
		{"messages.Text(\"a\")\n&supervision.Backoff{}\nsocket.Config{}\n", ""},
		{"func f() {}\n", ""},
		{"socket.Config{Typ: socket.Rep}\n", "x.md:7:"},
		{"a := 1\nb := nobody\n", "x.md:8:6: undefined: nobody"},
		{"x := 1 +\n", "x.md:"},
		{"func f() int { return \"\" }\n", "x.md:7:"},
		{"package main\n\nfunc main() { x := 1 }\n", "x.md:9:15: declared and not used: x"},
		{"package main\n\nfunc main() { system.Root.Send(nil, 1) }\n", "x.md:9:15: undefined: system"},
		{"package main\n\nfunc main() {\n", "x.md:"},
	} {
		found := c.check(block{doc: "x.md", line: 7, text: x.text})
		switch {
		case x.wrong == "" && len(found) > 0:
			t.Errorf("%q: %v", x.text, found)
		case x.wrong != "" && (len(found) == 0 || !strings.HasPrefix(found[0].Error(), x.wrong)):
			t.Errorf("%q: found %v, not %s", x.text, found, x.wrong)
		}
	}
	for _, x := range []struct{ file, text string }{
		{"examples/hello/main.go", "package main\n"},
		{"examples/hello/main.go", "x := 1\n"},
		{"examples/nobody/main.go", "x := 1\n"},
		{"Makefile", "run\n"},
	} {
		if inFile(block{file: x.file, text: x.text}) == "" {
			t.Errorf("%q is said to be in %s", x.text, x.file)
		}
	}
}
