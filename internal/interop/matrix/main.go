// Matrix runs nothing: it reads what go test -json says of the tests of internal/interop and prints, as
// Markdown, what came of each pair with each peer in each way. Everything in it is from the results: a
// cell is "ok" because a test in it has passed, and no test has failed or was skipped.
//
//	go test -json ./internal/interop | go run ./internal/interop/matrix
//
// It ends with status 1 if a test has failed, and prints what that said.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() {
	r, err := read(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "matrix:", err)
		os.Exit(1)
	}
	r.print(os.Stdout)
	if r.failed {
		os.Exit(1)
	}
}

// An event is a line of go test -json; see go doc test2json.
type event struct {
	Action, Package, Test, Output, Key, Value string
}

// A test is what was said of one.
type test struct {
	attributes map[string]string
	output     []string
	outcome    string // "pass", "fail", "skip"; "" if it has not ended
}

// results are what was said of all tests.
type results struct {
	tests  map[string]*test
	order  []string
	loose  []string // what was said outside of every test
	failed bool
}

func read(in io.Reader) (*results, error) {
	r := &results{tests: map[string]*test{}, failed: true} // until the package has passed
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.take(line)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the results: %w", err)
		}
	}
	if len(r.tests) == 0 {
		return nil, fmt.Errorf("no test has run: %s", r.loose)
	}
	return r, nil
}

func (r *results) take(line []byte) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		r.loose = append(r.loose, string(line)) // a compiler's words
		return
	}
	if e.Test == "" {
		switch e.Action {
		case "output", "build-output":
			r.loose = append(r.loose, e.Output)
		case "pass":
			r.failed = false
		}
		return
	}
	t := r.tests[e.Test]
	if t == nil {
		t = &test{attributes: map[string]string{}}
		r.tests[e.Test] = t
		r.order = append(r.order, e.Test)
	}
	switch e.Action {
	case "output":
		t.output = append(t.output, e.Output)
	case "attr":
		t.attributes[e.Key] = e.Value
	case "pass", "fail", "skip":
		t.outcome = e.Action
	}
}
