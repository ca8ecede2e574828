package docs

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// document is one file of prose.
type document struct {
	path    string // from the root of the module, with slashes
	blocks  []block
	prose   []line // what is not in a block
	anchors map[string]bool
}

// block is what stands between two fences.
type block struct {
	doc      string
	line     int    // of its first line, from 1
	language string // "go", "sh", …
	file     string // of the comment <!-- file: … --> above it
	text     string
}

type line struct {
	number int
	text   string
}

var (
	heading = regexp.MustCompile(`^#{1,6}\s+(.*?)\s*#*$`)
	wholeOf = regexp.MustCompile(`^<!-- file: (\S+) -->$`)
	anchor  = regexp.MustCompile(`<a (?:name|id)="([^"]+)"`)
)

// read takes a document apart.
func read(path, text string) *document {
	d := &document{path: path, anchors: map[string]bool{}}
	var open *block
	file, n := "", 0
	for scan := bufio.NewScanner(strings.NewReader(text)); scan.Scan(); {
		n++
		s := scan.Text()
		fence := strings.TrimSpace(s)
		switch {
		case open != nil && fence == "```":
			d.blocks = append(d.blocks, *open)
			open = nil
		case open != nil:
			open.text += s + "\n"
		case strings.HasPrefix(fence, "```"):
			open = &block{doc: path, line: n + 1, language: strings.TrimPrefix(fence, "```"), file: file}
			file = ""
		default:
			if m := wholeOf.FindStringSubmatch(s); m != nil {
				file = m[1]
				continue
			}
			if fence != "" {
				file = ""
			}
			d.proseLine(line{n, s})
		}
	}
	if open != nil {
		d.blocks = append(d.blocks, *open)
	}
	return d
}

func (d *document) proseLine(l line) {
	d.prose = append(d.prose, l)
	if m := heading.FindStringSubmatch(l.text); m != nil {
		d.addAnchor(slug(m[1]))
	}
	for _, m := range anchor.FindAllStringSubmatch(l.text, -1) {
		d.anchors[m[1]] = true
	}
}

func (d *document) addAnchor(name string) {
	unique := name
	for i := 1; d.anchors[unique]; i++ {
		unique = name + "-" + string(rune('0'+i))
	}
	d.anchors[unique] = true
}

var markup = regexp.MustCompile("`|\\*\\*|\\[([^]]*)\\]\\([^)]*\\)")

// slug is the anchor that GitHub gives a heading.
func slug(title string) string {
	title = markup.ReplaceAllString(title, "$1")
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, title)
}

// root is the module's folder, as this package's tests see it.
const root = ".."

// skipped reports whether a folder has nothing of this module's.
func skipped(path, name string) bool {
	return path != root && (name[0] == '.' || name == "testdata" || name == "node_modules")
}

var allDocuments []*document

// documents reads every document of the module, once.
func documents(t *testing.T) []*document {
	t.Helper()
	if allDocuments != nil {
		return allDocuments
	}
	var all []*document
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := e.Name()
		if e.IsDir() && skipped(path, name) {
			return filepath.SkipDir
		}
		if e.IsDir() || filepath.Ext(name) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		all = append(all, read(filepath.ToSlash(rel), string(text)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d documents", len(all))
	}
	allDocuments = all
	return all
}
