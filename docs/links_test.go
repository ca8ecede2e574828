package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	code = regexp.MustCompile("`[^`]*`")

	makes  = regexp.MustCompile(`\bmake ([a-z]+)\b`)
	runs   = regexp.MustCompile(`\bgo (?:-C (\S+) )?(?:run|test|vet|build)\b[^;&|#` + "`" + `]*?(\./[\w./-]*)`)
	runsIn = regexp.MustCompile(`\bcd (\S+) && go run (\./[\w./-]*)`)
	tests  = regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark)[A-Z]\w+`)
	target = regexp.MustCompile(`(?m)^([a-z]+):`)
)

// site is what documents may refer to.
type site struct {
	docs    map[string]*document
	exists  func(path string) bool // from the root of the module, with slashes
	targets map[string]bool        // of the Makefile
	tests   map[string]bool        // of all packages
}

var theSite *site

// newSite looks at the module, once.
func newSite(t *testing.T, docs []*document) *site {
	t.Helper()
	if theSite != nil {
		return theSite
	}
	s := &site{docs: map[string]*document{}, targets: map[string]bool{}, tests: map[string]bool{}}
	for _, d := range docs {
		s.docs[d.path] = d
	}
	s.exists = func(path string) bool {
		_, err := os.Stat(filepath.Join(root, path))
		return err == nil
	}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range target.FindAllStringSubmatch(string(makefile), -1) {
		s.targets[m[1]] = true
	}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && skipped(path, e.Name()) {
			return filepath.SkipDir
		}
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "func ") {
				if name := tests.FindString(line); name != "" {
					s.tests[name] = true
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	theSite = s
	return s
}

// check says what d refers to that is not there.
func (s *site) check(d *document) (wrong []string) {
	for _, l := range d.prose {
		say := func(format string, args ...any) {
			wrong = append(wrong, fmt.Sprintf("%s:%d: ", d.path, l.number)+fmt.Sprintf(format, args...))
		}
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(l.text, ""), -1) {
			if to := m[1]; !s.leads(d, to) {
				say("%s leads nowhere", to)
			}
		}
		for _, c := range code.FindAllString(l.text, -1) {
			s.checkCommand(d, c, say)
		}
	}
	for _, b := range d.blocks {
		for i, l := range strings.Split(b.text, "\n") {
			if b.language == "sh" {
				s.checkCommand(d, l, func(format string, args ...any) {
					wrong = append(wrong, fmt.Sprintf("%s:%d: ", d.path, b.line+i)+fmt.Sprintf(format, args...))
				})
			}
		}
	}
	return wrong
}

// leads reports whether a link of d's leads somewhere: to a file, and in a document to a heading. What is on the
// network is not looked up.
func (s *site) leads(d *document, to string) bool {
	if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
		return true
	}
	path, anchor, _ := strings.Cut(to, "#")
	at := d.path
	if path != "" {
		at = filepath.ToSlash(filepath.Join(filepath.Dir(d.path), path))
		if !s.exists(at) {
			return false
		}
	}
	there := s.docs[at]
	if path == "" {
		there = d
	}
	return anchor == "" || there != nil && there.anchors[anchor]
}

// checkCommand looks for the make targets, folders and tests that a line of d names. Folders are those of the root
// of the module, or of where d is.
func (s *site) checkCommand(d *document, line string, say func(string, ...any)) {
	for _, m := range makes.FindAllStringSubmatch(line, -1) {
		if !s.targets[m[1]] {
			say("make has no target %s", m[1])
		}
	}
	for _, m := range append(runs.FindAllStringSubmatch(line, -1), runsIn.FindAllStringSubmatch(line, -1)...) {
		path := filepath.ToSlash(filepath.Join(m[1], strings.TrimSuffix(m[2], "...")))
		if !s.exists(path) && !s.exists(filepath.ToSlash(filepath.Join(filepath.Dir(d.path), path))) {
			say("there is no %s", path)
		}
	}
	for _, name := range tests.FindAllString(line, -1) {
		if name != "TestName" && !s.isTest(name) {
			say("there is no test %s", name)
		}
	}
}

// isTest reports whether name is a test, or as -run takes it the beginning of one.
func (s *site) isTest(name string) bool {
	for test := range s.tests {
		if strings.HasPrefix(test, name) {
			return true
		}
	}
	return false
}

// What the documents name is there: the files and headings of links, make targets, folders of go run and go test,
// tests.
func TestLinks(t *testing.T) {
	docs := documents(t)
	s := newSite(t, docs)
	links := 0
	for _, d := range docs {
		for _, l := range d.prose {
			links += len(link.FindAllString(l.text, -1))
		}
		for _, wrong := range s.check(d) {
			t.Error(wrong)
		}
	}
	if links < 50 || len(s.tests) < 100 || len(s.targets) < 8 {
		t.Errorf("only %d links, %d tests, %d targets", links, len(s.tests), len(s.targets))
	}
}

// The test finds what is not there.
func TestBrokenLinksAreFound(t *testing.T) {
	docs := documents(t)
	s := newSite(t, docs)
	for text, broken := range map[string]bool{
		"[a](../README.md)":                        false,
		"[a](../README.md#why)":                    false,
		"[a](../README.md#why-not)":                true,
		"[a](nobody.md)":                           true,
		"[a](#here)\n\n## Here\n":                  false,
		"[a](#there)\n\n## Here\n":                 true,
		"[a](https://example.org/x)":               false,
		"[a](../examples/hello/main.go)":           false,
		"`make test`":                              false,
		"`make tea`":                               true,
		"`go run ./examples/hello -x`":             false,
		"`go run ./examples/hallo`":                true,
		"`go test -run TestLinks ./docs`":          false,
		"`go test -run TestNobodyWrote ./docs`":    true,
		"`go -C bench run ./flood`":                false,
		"`go -C bench run ./hello`":                true,
		"`cd bench && go run ./nothing -t 2`":      true,
		"```sh\nmake tea\n```\n":                   true,
		"```sh\ngo test -v ./internal/nobody\n```": true,
	} {
		if wrong := s.check(read("docs/x.md", text)); len(wrong) > 0 != broken {
			t.Errorf("%q: found %v", text, wrong)
		}
	}
}
