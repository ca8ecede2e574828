package docs

import (
	"go/types"
	"regexp"
	"strings"
	"testing"
)

// name is an exported name of a package in the prose: `socket.Config`, `messages.Ask(…)`, `zap.Policy.Validate`.
var name = regexp.MustCompile(`(?:^|[^\w./])([a-z]\w*)\.([A-Z]\w*)(?:\.([A-Z]\w*))?`)

// unknown are the names in a line's code that their package does not have.
func (c *compiler) unknown(line string) (names []string) {
	for _, span := range code.FindAllString(line, -1) {
		for _, m := range name.FindAllStringSubmatch(span, -1) {
			path := c.names[m[1]]
			if path == "" || !strings.HasPrefix(path, module) {
				continue
			}
			p, err := c.imports.Import(path)
			if err != nil || !has(p, m[2], m[3]) {
				names = append(names, strings.Trim(m[0], "` &*(["))
			}
		}
	}
	return names
}

// has reports whether p has the name, and that a field or method of this name, if there is one.
func has(p *types.Package, name, member string) bool {
	object := p.Scope().Lookup(name)
	if object == nil || member == "" {
		return object != nil
	}
	found, _, _ := types.LookupFieldOrMethod(object.Type(), true, p, member)
	return found != nil
}

// What the documents call by a package's name is there.
func TestNames(t *testing.T) {
	docs := documents(t)
	c := newCompiler(t)
	for _, d := range docs {
		if d.path == "CHANGELOG.md" {
			continue // it also has what was there
		}
		for _, l := range d.prose {
			for _, n := range c.unknown(l.text) {
				t.Errorf("%s:%d: there is no %s", d.path, l.number, n)
			}
		}
	}
	for text, broken := range map[string]bool{
		"`socket.Config`": false, "`socket.Konfig`": true, "`socket.Config.Window`": false, "`socket.Config.Door`": true,
		"`&supervision.Backoff{}`": false, "`messages.Ask(ctx, …)`": false, "`messages.Beg(ctx, …)`": true, "socket.Konfig": false,
		"`c.Respond`": false, "`system.Root.Send(pid, messages.Word)`": true,
	} {
		if found := c.unknown(text); len(found) > 0 != broken {
			t.Errorf("%s: found %v", text, found)
		}
	}
}
