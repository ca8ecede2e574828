package docs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"testing"
)

// compiler type-checks blocks against the packages as they are built.
type compiler struct {
	fset    *token.FileSet
	imports types.Importer
	given   *ast.File
	names   map[string]string // package name to import path, from given
	used    map[string]bool   // names of given that a block has used
}

var theCompiler *compiler

// newCompiler builds every package that the documents' blocks import, with one run of the go tool for all tests.
func newCompiler(t *testing.T) *compiler {
	t.Helper()
	if theCompiler != nil {
		return theCompiler
	}
	blocks := goBlocks(t)
	c := &compiler{fset: token.NewFileSet(), names: map[string]string{}, used: map[string]bool{}}
	given, err := parser.ParseFile(c.fset, "testdata/given.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	c.given = given
	paths := map[string]bool{}
	for _, i := range given.Imports {
		c.names[packageName(i)] = importPath(i)
		paths[importPath(i)] = true
	}
	for _, dir := range publicPackages(t) {
		c.names[path.Base(dir)] = module + dir
		paths[module+dir] = true
	}
	for _, b := range blocks {
		if b.elsewhere() {
			continue
		}
		if f, err := parser.ParseFile(token.NewFileSet(), b.doc, b.text, parser.ImportsOnly); err == nil {
			for _, i := range f.Imports {
				paths[importPath(i)] = true
			}
		}
	}
	c.imports = importer.ForCompiler(c.fset, "gc", exports(t, slices.Sorted(maps.Keys(paths))))
	c.stub(t, "zmq4chan", "testdata/zmq4chan.go")
	theCompiler = c
	return c
}

// stub is a package that this module does not require: its signatures are enough.
func (c *compiler) stub(t *testing.T, name, file string) {
	t.Helper()
	f, err := parser.ParseFile(c.fset, file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	built := c.imports
	p, err := (&types.Config{Importer: built}).Check(name, c.fset, []*ast.File{f}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.names[name] = name
	c.imports = importers(func(path string) (*types.Package, error) {
		if path == name {
			return p, nil
		}
		return built.Import(path)
	})
}

type importers func(path string) (*types.Package, error)

func (f importers) Import(path string) (*types.Package, error) { return f(path) }

func importPath(i *ast.ImportSpec) string {
	p, _ := strconv.Unquote(i.Path.Value)
	return p
}

func packageName(i *ast.ImportSpec) string {
	if i.Name != nil {
		return i.Name.Name
	}
	return path.Base(importPath(i))
}

// exports has what the go tool knows of these packages and all below them.
func exports(t *testing.T, paths []string) importer.Lookup {
	t.Helper()
	args := []string{"list", "-export", "-deps", "-json=ImportPath,Export"}
	if underRace {
		args = append(args, "-race") // so that go test has built them already
	}
	cmd := exec.Command("go", append(append(args, "--"), paths...)...)
	cmd.Dir = root
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &words)
	}
	files := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		files[p.ImportPath] = p.Export
	}
	return func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("%q is not built", path)
		}
		return os.Open(files[path])
	}
}

// check compiles one block and returns what is wrong with it.
func (c *compiler) check(b block) []error {
	src, err := parse(c.fset, b, c.names)
	if err != nil {
		return []error{err}
	}
	var wrong []error
	conf := types.Config{Importer: c.imports, Error: func(err error) {
		var e types.Error
		if errors.As(err, &e) && e.Soft && !src.program {
			return // a fragment need not use what it declares
		}
		wrong = append(wrong, err)
	}}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	files := []*ast.File{src.file}
	if !src.program {
		files = append(files, c.given)
	}
	_, _ = conf.Check(b.doc, c.fset, files, info) // conf.Error has them all
	for ident, object := range info.Uses {
		if within(ident.Pos(), src.file) && within(object.Pos(), c.given) {
			c.used[object.Name()] = true
		}
	}
	return wrong
}

func within(p token.Pos, f *ast.File) bool { return f.FileStart <= p && p < f.FileEnd }

// declared are the names that given has for the blocks.
func (c *compiler) declared() (names []string) {
	for _, d := range c.given.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			names = append(names, d.(*ast.FuncDecl).Name.Name)
			continue
		}
		for _, s := range g.Specs {
			switch s := s.(type) {
			case *ast.ValueSpec:
				for _, n := range s.Names {
					names = append(names, n.Name)
				}
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
			}
		}
	}
	return names
}
