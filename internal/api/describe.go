package main

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
)

// describe returns a line for everything that pkg exports. path is what it is called.
func describe(path string, pkg *types.Package) []string {
	d := describer{prefix: "pkg " + path + ", "}
	for _, name := range pkg.Scope().Names() {
		if !token.IsExported(name) {
			continue
		}
		switch o := pkg.Scope().Lookup(name).(type) {
		case *types.Const:
			d.line("const %s %s = %s", name, typeText(o.Type()), o.Val().ExactString())
		case *types.Var:
			d.line("var %s %s", name, typeText(o.Type()))
		case *types.Func:
			d.line("func %s%s", name, signature(o))
		case *types.TypeName:
			d.typ(o)
		}
	}
	return d.lines
}

type describer struct {
	prefix string
	lines  []string
}

func (d *describer) line(format string, a ...any) {
	d.lines = append(d.lines, d.prefix+fmt.Sprintf(format, a...))
}

// typ describes a type: what it is, its fields, its methods. What an alias stands for may be internal, so
// it is described in full, too.
func (d *describer) typ(o *types.TypeName) {
	name := o.Name()
	if o.IsAlias() {
		d.line("type %s = %s", name, typeText(types.Unalias(o.Type())))
	}
	if named, ok := o.Type().(*types.Named); ok && named.TypeParams().Len() > 0 {
		d.line("type %s, of %s", name, typeText(named))
	}
	switch u := o.Type().Underlying().(type) {
	case *types.Struct:
		d.structure(name, u, types.Comparable(o.Type()))
	case *types.Interface:
		d.iface(name, u)
		return
	default:
		d.line("type %s %s", name, typeText(u))
	}
	d.methods(name, o.Type())
}

func (d *describer) structure(name string, s *types.Struct, comparable bool) {
	d.line("type %s struct", name)
	if comparable {
		d.line("type %s struct, comparable", name)
	}
	for f := range s.Fields() {
		switch {
		case !f.Exported():
		case f.Embedded():
			d.line("type %s struct, embedded %s", name, typeText(f.Type()))
		default:
			d.line("type %s struct, %s %s", name, f.Name(), typeText(f.Type()))
		}
	}
}

// iface describes an interface. To one that others can implement no method can be added, so its first
// line has the names of all.
func (d *describer) iface(name string, i *types.Interface) {
	var names []string
	sealed := false
	for m := range i.Methods() {
		if !m.Exported() {
			sealed = true
			continue
		}
		names = append(names, m.Name())
		d.line("type %s interface, %s%s", name, m.Name(), signature(m))
	}
	if sealed {
		d.line("type %s interface, sealed", name)
		return
	}
	d.line("type %s interface {%s}", name, strings.Join(names, ", "))
}

// methods describes those of a type and, marked with a star, those that only a pointer to it has;
// what comes from embedded fields included.
func (d *describer) methods(name string, t types.Type) {
	values := types.NewMethodSet(t)
	for m := range types.NewMethodSet(types.NewPointer(t)).Methods() {
		f := m.Obj().(*types.Func)
		if !f.Exported() {
			continue
		}
		star := "*"
		if values.Lookup(f.Pkg(), f.Name()) != nil {
			star = ""
		}
		d.line("method (%s%s) %s%s", star, name, f.Name(), signature(f))
	}
}

// signature is what stands behind a function's name.
func signature(f *types.Func) string {
	text := types.TypeString(f.Type(), (*types.Package).Name)
	return strings.TrimPrefix(plain("func F"+strings.TrimPrefix(text, "func")), "func F")
}

func typeText(t types.Type) string {
	return strings.TrimPrefix(plain("var V "+types.TypeString(t, (*types.Package).Name)), "var V ")
}

// plain takes the names of parameters and results out of a declaration, which programs cannot see.
func plain(declaration string) string {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", "package p\n"+declaration, 0)
	if err != nil {
		return declaration // no Go: as it stands it is as good a description
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if f, ok := n.(*ast.FuncType); ok {
			for _, list := range []*ast.FieldList{f.Params, f.Results} {
				if list == nil {
					continue
				}
				for _, p := range list.List {
					p.Names = nil
				}
			}
		}
		return true
	})
	var b strings.Builder
	if err := format.Node(&b, fset, file.Decls[0]); err != nil {
		return declaration
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
