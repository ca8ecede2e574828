package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// lists are the files of a directory, by name.
type lists struct {
	dir   string
	files map[string][]string // lines, sorted
}

var listName = regexp.MustCompile(`^v(\d+)\.(\d+)\.txt$`)

func read(dir string) (*lists, error) {
	l := &lists{dir, map[string][]string{}}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	for _, e := range entries {
		if !listName.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("api: %w", err)
		}
		l.files[e.Name()] = strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' || r == '\r' })
	}
	return l, nil
}

// lines are those of all files.
func (l *lists) lines() []string {
	var all []string
	for _, lines := range l.files {
		all = append(all, lines...)
	}
	return all
}

// newest is the name of the file of the highest version, "" without files.
func (l *lists) newest() string {
	names := slices.SortedFunc(maps.Keys(l.files), func(a, b string) int { return version(a) - version(b) })
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

// version makes a number of a file's name that grows with its version.
func version(name string) int {
	m := listName.FindStringSubmatch(name)
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	return major<<20 + minor
}

// add writes lines into a file, sorted among those that it has.
func (l *lists) add(name string, lines []string) error {
	if name == "" {
		name = l.newest()
	}
	if !listName.MatchString(name) {
		return fmt.Errorf("api: %q is no name of a list: v0.1.txt is one", name)
	}
	if len(lines) == 0 {
		return nil
	}
	all := append(slices.Clone(l.files[name]), lines...)
	slices.Sort(all)
	if err := os.WriteFile(filepath.Join(l.dir, name), []byte(strings.Join(all, "\n")+"\n"), 0o666); err != nil {
		return fmt.Errorf("api: %w", err)
	}
	return nil
}

// compare says which lines of was are gone, and which of is are new. Both are sorted.
func compare(was, is []string) (gone, fresh []string) {
	return without(was, is), without(is, was)
}

func without(lines, those []string) []string {
	known := map[string]bool{}
	for _, l := range those {
		known[l] = true
	}
	var rest []string
	for _, l := range lines {
		if !known[l] {
			rest = append(rest, l)
		}
	}
	slices.Sort(rest)
	return rest
}
