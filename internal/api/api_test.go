package main

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// described is what describe says of a source, in order.
func described(t *testing.T, source string) []string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", "package p\n"+source, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := (&types.Config{Importer: importer.Default()}).Check("example.org/p", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := describe("p", pkg)
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "pkg p, ")
	}
	slices.Sort(lines)
	return lines
}

func TestDescribe(t *testing.T) {
	for name, c := range map[string]struct {
		source string
		want   []string
	}{
		"unexported":         {"type t struct{ A int }; func f() {}; var v int; const c = 1", nil},
		"func":               {"func F(a, b int, more ...string) (n int, err error) { return }", []string{"func F(int, int, ...string) (int, error)"}},
		"func of funcs":      {"func F(f func(n int) (ok bool)) {}", []string{"func F(func(int) bool)"}},
		"generic func":       {"func F[T any](x []T) (m map[string]T) { return }", []string{"func F[T any]([]T) map[string]T"}},
		"var":                {"var V, w = 1, 2", []string{"var V int"}},
		"const":              {"type N int; const C N = 3", []string{"const C p.N = 3", "type N int"}},
		"untyped const":      {`const C = "x"`, []string{`const C untyped string = "x"`}},
		"methods":            {"type N int; func (n N) A(x int) {}; func (n *N) B() {}; func (n N) c() {}", []string{"method (*N) B()", "method (N) A(int)", "type N int"}},
		"comparable struct":  {"type S struct{ A int; b bool }", []string{"type S struct", "type S struct, A int", "type S struct, comparable"}},
		"other struct":       {"type S struct{ a func() }", []string{"type S struct"}},
		"promoted method":    {"type e struct{}; func (e) M() {}; type S struct{ e }", []string{"method (S) M()", "type S struct", "type S struct, comparable"}},
		"embedded":           {"type E struct{ f []int }; type S struct{ *E }", []string{"type E struct", "type S struct", "type S struct, comparable", "type S struct, embedded *p.E"}},
		"interface":          {"type I interface { B(x int); A() }", []string{"type I interface {A, B}", "type I interface, A()", "type I interface, B(int)"}},
		"sealed interface":   {"type I interface { A(); b() }", []string{"type I interface, A()", "type I interface, sealed"}},
		"alias":              {"type s struct{ A int }; type T = s", []string{"type T = p.s", "type T struct", "type T struct, A int", "type T struct, comparable"}},
		"alias of a builtin": {"type T = []int", []string{"type T = []int", "type T []int"}},
		"generic type":       {"type T[K comparable] struct{ m map[K]int }", []string{"type T struct", "type T, of p.T[K comparable]"}},
	} {
		if got := described(t, c.source); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestListed loads this very module the way that the command does: what the quick start of the README needs
// is there, and what is internal or an example is not.
func TestListed(t *testing.T) {
	lines, err := exported("github.com/sockeye-mq/sockeye/...")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"pkg actors/socket, const Rep zmq4.Type = 4",
		"pkg actors/zmqthread, func Start(*actor.ActorSystem, zmqthread.Config) (*zmqthread.Thread, error)",
		"pkg messages, func Ask(context.Context, actor.SenderContext, *actor.PID, *messages.Message) (*messages.Message, error)",
		"pkg messages, method (*Message) Text() string",
		"pkg supervision, type Backoff struct, Retries int",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("no line %q", want)
		}
	}
	for _, l := range lines {
		path, _, _ := strings.Cut(strings.TrimPrefix(l, "pkg "), ",")
		if strings.HasPrefix(path, "examples/") || strings.Contains("/"+path+"/", "/internal/") || path == "docs" {
			t.Errorf("listed: %s", l)
		}
	}
}

// lists are a directory of files with these lines.
func directory(t *testing.T, files map[string]string) *lists {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	l, err := read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestCompare(t *testing.T) {
	l := directory(t, map[string]string{"v0.1.txt": "a\nb\n", "v0.2.txt": "d\n", "README": "x\n", "breaks-since-v0.1.0.txt": "y\n"})
	gone, fresh := compare(l.lines(), []string{"a", "c", "d"})
	if !slices.Equal(gone, []string{"b"}) || !slices.Equal(fresh, []string{"c"}) {
		t.Errorf("gone %v, new %v", gone, fresh)
	}
}

func TestAdd(t *testing.T) {
	for name, c := range map[string]struct{ next, file, want string }{
		"to the newest": {"", "v0.10.txt", "b\nc\n"},
		"to the next":   {"v0.11.txt", "v0.11.txt", "b\n"},
		"to an old one": {"v0.9.txt", "v0.9.txt", "a\nb\n"},
	} {
		l := directory(t, map[string]string{"v0.9.txt": "a\n", "v0.10.txt": "c\n"})
		if err := l.add(c.next, []string{"b"}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(l.dir, c.file)); string(got) != c.want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	empty := directory(t, nil)
	if err := empty.add("", []string{"a"}); err == nil {
		t.Error("no list, no name, no error")
	}
}
