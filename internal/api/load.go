package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// listed is what go list says of a package.
type listed struct {
	ImportPath, Name, Export string
	Module                   *struct {
		Path string
		Main bool
	}
	GoFiles, CgoFiles []string
}

// public: programs may import it. Packages with nothing but tests are none, nor is what is internal or an example.
func (p *listed) public() bool {
	return p.Module != nil && p.Module.Main && p.Name != "main" && len(p.GoFiles)+len(p.CgoFiles) > 0 &&
		!slices.ContainsFunc(strings.Split(p.short(), "/"), func(s string) bool { return s == "internal" || s == "examples" })
}

// short is the package's path within its module; the root's is the module's.
func (p *listed) short() string {
	if rest, ok := strings.CutPrefix(p.ImportPath, p.Module.Path+"/"); ok {
		return rest
	}
	return p.ImportPath
}

// exported returns a line for everything that the public packages among those that pattern names export, as
// the compiler sees it here, sorted.
func exported(pattern string) ([]string, error) {
	all, err := load("-find", pattern)
	if err != nil {
		return nil, err
	}
	args := []string{"-export", "-deps"}
	for path, p := range all {
		if p.public() {
			args = append(args, path)
		}
	}
	if len(args) == 2 {
		return nil, fmt.Errorf("api: %s: no public package", pattern)
	}
	packages, err := load(args...)
	if err != nil {
		return nil, err
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		if p := packages[path]; p != nil && p.Export != "" {
			return os.Open(p.Export)
		}
		return nil, fmt.Errorf("no export data for %s", path)
	})
	var lines []string
	for _, p := range packages {
		if !p.public() {
			continue
		}
		t, err := imports.Import(p.ImportPath)
		if err != nil {
			return nil, fmt.Errorf("api: %s: %w", p.ImportPath, err)
		}
		lines = append(lines, describe(p.short(), t)...)
	}
	slices.Sort(lines)
	return lines, nil
}

// load asks go list, which with -export compiles what has changed.
func load(args ...string) (map[string]*listed, error) {
	args = append([]string{"list", "-json=ImportPath,Name,Export,Module,GoFiles,CgoFiles"}, args...)
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, fmt.Errorf("api: go list: %w\n%s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("api: go list: %w", err)
	}
	packages := map[string]*listed{}
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		p := &listed{}
		if err := d.Decode(p); err != nil {
			return nil, fmt.Errorf("api: go list: %w", err)
		}
		packages[p.ImportPath] = p
	}
	return packages, nil
}
