package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// A block of Go in a document is one of three things, and compiled as such:
//
//   - a program: it has a package clause, and says all it needs;
//   - declarations: functions, types, variables;
//   - statements: the body of a function. An expression by itself is a value to look at.
//
// What has no package clause may use the names and the imports of testdata/given.go: the system, the thread and
// so on that a reader has by then. It need not use what it declares.
type source struct {
	file    *ast.File
	program bool
}

// parse makes a file of a block. Positions are those of the document.
func parse(fset *token.FileSet, b block, imports map[string]string) (source, error) {
	if f, err := parser.ParseFile(fset, b.doc, at(b)+b.text, parser.SkipObjectResolution); err == nil {
		return source{f, true}, nil
	} else if isProgram(b.text) {
		return source{}, err
	}
	head := "package given\n" + importsOf(b.text, imports)
	if f, err := parser.ParseFile(fset, b.doc, head+at(b)+b.text, parser.SkipObjectResolution); err == nil {
		return source{f, false}, nil
	}
	body := head + "func _() {\n" + at(b) + b.text + "}\n"
	f, err := parser.ParseFile(fset, b.doc, body, parser.SkipObjectResolution)
	if err != nil {
		return source{}, err
	}
	useValues(f)
	return source{f, false}, nil
}

// at makes the compiler say where in the document it is.
func at(b block) string { return fmt.Sprintf("//line %s:%d:1\n", b.doc, b.line) }

func isProgram(text string) bool {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "package ") {
			return true
		}
	}
	return false
}

// importsOf is an import for every package that text could mean by a name and a dot.
func importsOf(text string, imports map[string]string) string {
	var head strings.Builder
	for _, name := range slices.Sorted(keys(imports)) {
		if strings.Contains(text, name+".") {
			fmt.Fprintf(&head, "import %s %q\n", name, imports[name])
		}
	}
	return head.String()
}

func keys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// useValues makes an assignment to _ of every expression that stands by itself and is no call.
func useValues(f *ast.File) {
	body := f.Decls[len(f.Decls)-1].(*ast.FuncDecl).Body
	for i, s := range body.List {
		e, ok := s.(*ast.ExprStmt)
		if !ok {
			continue
		}
		switch x := e.X.(type) {
		case *ast.CallExpr:
			continue
		case *ast.UnaryExpr:
			if x.Op == token.ARROW {
				continue
			}
		}
		body.List[i] = &ast.AssignStmt{Lhs: []ast.Expr{&ast.Ident{NamePos: e.Pos(), Name: "_"}},
			TokPos: e.Pos(), Tok: token.ASSIGN, Rhs: []ast.Expr{e.X}}
	}
}
