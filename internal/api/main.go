// Command api keeps the list of what Sockeye exports: one line for each identifier of its public packages, in
// the files api/v*.txt, one file for each minor version that has added something.
//
//	go run ./internal/api        # says what is listed and gone, and what is there and not listed; exit status 1
//	go run ./internal/api -add   # lists what is new; it never takes a line away
//
// A line is taken away by hand, for that is what breaks programs. The compiler knows finer rules than a
// list has: scripts/api.sh compares with the newest release, too.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	add := flag.Bool("add", false, "list what is new")
	dir := flag.String("dir", "api", "where the lists are")
	next := flag.String("next", "", "the list that gets what is new, v0.2.txt for one; default: the newest")
	flag.Parse()
	if err := run(*dir, *next, *add); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir, next string, add bool) error {
	is, err := exported("./...")
	if err != nil {
		return err
	}
	was, err := read(dir)
	if err != nil {
		return err
	}
	gone, fresh := compare(was.lines(), is)
	if err := complain(gone, "is listed and gone, or not what it was"); err != nil {
		return fmt.Errorf("%w\nThis breaks programs. If it is meant: delete these lines in %s by hand, "+
			"and say so in CHANGELOG.md, under Changed or Removed", err, dir)
	}
	if add {
		return was.add(next, fresh)
	}
	if err := complain(fresh, "is new and not listed"); err != nil {
		return fmt.Errorf("%w\nList it with make api, and commit what that has written", err)
	}
	return nil
}

// shown is how many lines are printed at most.
const shown = 40

// complain is nil without lines.
func complain(lines []string, what string) error {
	if len(lines) == 0 {
		return nil
	}
	text := "api: what follows " + what + ":"
	for _, l := range lines[:min(len(lines), shown)] {
		text += "\n\t" + l
	}
	if more := len(lines) - shown; more > 0 {
		text += fmt.Sprintf("\n\t… and %d more", more)
	}
	return errors.New(text)
}
