package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sources parses the package in dir: no tests, nothing generated. nil: there is none.
func sources(t *testing.T, fset *token.FileSet, dir string) (files []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if strings.HasSuffix(n, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, n, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// undocumented is what of a package's exports has no comment: the package itself, functions, types, methods,
// variables and constants. A group may have one for all. What an error and a fmt.Stringer have needs none, and
// what is generated is documented where it comes from.
func undocumented(fset *token.FileSet, files []*ast.File) (bare []string) {
	say := func(p token.Pos, what string) { bare = append(bare, fmt.Sprintf("%s: %s", fset.Position(p), what)) }
	if !slices.ContainsFunc(files, func(f *ast.File) bool { return f.Doc != nil }) {
		say(files[0].Package, "package "+files[0].Name.Name)
	}
	for _, f := range files {
		if ast.IsGenerated(f) {
			continue
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) && !known[d.Name.Name] {
					say(d.Pos(), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if name := bareSpec(d, s); name != "" {
						say(s.Pos(), name)
					}
				}
			}
		}
	}
	return bare
}

// known are methods of errors and of fmt.Stringer.
var known = map[string]bool{"Error": true, "String": true, "Unwrap": true, "Is": true}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if generic, ok := typ.(*ast.IndexExpr); ok {
		typ = generic.X
	}
	ident, ok := typ.(*ast.Ident)
	return !ok || ident.IsExported()
}

// bareSpec is the first exported name of s, if neither it nor the group of it has a comment.
func bareSpec(d *ast.GenDecl, s ast.Spec) string {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
			return s.Name.Name
		}
	case *ast.ValueSpec:
		for _, n := range s.Names {
			if n.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
				return n.Name
			}
		}
	}
	return ""
}

const module = "github.com/sockeye-mq/sockeye/"

// publicPackages are the folders, from the root, of the packages that users import.
func publicPackages(t *testing.T) (dirs []string) {
	t.Helper()
	for _, top := range []string{"actors", "cluster", "messages", "supervision"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.IsDir() {
				return err
			}
			if e.Name() == "internal" || e.Name() == "testdata" {
				return filepath.SkipDir
			}
			if files := sources(t, token.NewFileSet(), path); len(files) > 0 {
				rel, err := filepath.Rel(root, path)
				dirs = append(dirs, filepath.ToSlash(rel))
				return err
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return dirs
}

// Every exported name of the public packages has a comment, and so has every package: go doc is complete.
func TestExportsAreDocumented(t *testing.T) {
	packages := publicPackages(t)
	if len(packages) < 9 {
		t.Errorf("only %d packages", len(packages))
	}
	for _, dir := range packages {
		fset := token.NewFileSet()
		for _, bare := range undocumented(fset, sources(t, fset, filepath.Join(root, dir))) {
			t.Error(bare, "has no comment")
		}
	}
}

// The test finds what has no comment.
func TestBareExportsAreFound(t *testing.T) {
	fset := token.NewFileSet()
	path := filepath.Join(t.TempDir(), "x.go")
	text := "package x\n\nfunc F() {}\nfunc f() {}\n\ntype T struct{}\n\nfunc (T) M() {}\nfunc (T) String() string { return \"\" }\n" +
		"\n// D has one.\ntype D int\n\nconst (\n\tA D = iota // a\n\tB\n)\n\n// group\nvar (\n\tV, w int\n)\n\nvar W int\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, bare := range undocumented(fset, sources(t, fset, filepath.Dir(path))) {
		names = append(names, bare[strings.LastIndex(bare, " ")+1:])
	}
	if got := strings.Join(names, " "); got != "x F T M B W" {
		t.Error(got)
	}
}
