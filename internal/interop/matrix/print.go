package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// print prints the versions, a table for each peer, why a cell is not supported, and what failed.
func (r *results) print(w io.Writer) {
	var peers []string
	rows, columns := map[string][]string{}, map[string][]string{} // by peer
	cells := map[[3]string][]*test{}                              // by peer, row, column
	counts := map[string]int{}
	for _, name := range r.sorted() {
		t := r.tests[name]
		a := t.attributes
		if v := a["version"]; v != "" {
			fmt.Fprintln(w, "*", v)
		}
		if a["pair"] == "" {
			continue
		}
		peer, column := a["peer"], a["way"]+", "+a["binds"]
		peers = add(peers, peer)
		rows[peer] = add(rows[peer], a["pair"])
		columns[peer] = add(columns[peer], column)
		key := [3]string{peer, a["pair"], column}
		cells[key] = append(cells[key], t)
	}
	var notes []string
	for _, peer := range peers {
		slices.Sort(rows[peer])
		slices.SortFunc(columns[peer], byWay)
		fmt.Fprintf(w, "\n## %s\n\n| Sockeye and %s | %s |\n|---|%s\n", peer, peer,
			strings.Join(columns[peer], " | "), strings.Repeat(":-:|", len(columns[peer])))
		for _, row := range rows[peer] {
			fmt.Fprintf(w, "| %s |", row)
			for _, column := range columns[peer] {
				word, why := verdict(cells[[3]string{peer, row, column}])
				counts[word]++
				if why != "" {
					notes = add(notes, why)
					word = fmt.Sprintf("– [%d]", 1+slices.Index(notes, why))
				}
				fmt.Fprintf(w, " %s |", word)
			}
			fmt.Fprintln(w)
		}
	}
	fmt.Fprintf(w, "\n%d ok, %d not supported by the peer, %d skipped, %d FAIL.\n\n",
		counts["ok"], counts["–"], counts["skipped"], counts["FAIL"])
	for i, why := range notes {
		fmt.Fprintf(w, "%d. %s\n", i+1, why)
	}
	r.printFailures(w)
}

// verdict is what the tests in a cell come to, and why if they say that the peer does not support it.
func verdict(tests []*test) (word, why string) {
	if len(tests) == 0 {
		return "", ""
	}
	word = "ok"
	for _, t := range tests {
		switch {
		case t.outcome == "pass":
		case t.outcome == "skip" && t.attributes["unsupported"] != "":
			if word != "FAIL" {
				word, why = "–", t.attributes["unsupported"]
			}
		case t.outcome == "skip":
			if word == "ok" {
				word = "skipped"
			}
		default: // it has failed, or the process ended before it did
			word, why = "FAIL", ""
		}
	}
	return word, why
}

// printFailures prints what the tests said that failed, and the package if it did.
func (r *results) printFailures(w io.Writer) {
	if !r.failed {
		return
	}
	fmt.Fprint(w, "\n## Failures\n\n```\n")
	for _, name := range r.sorted() {
		if t := r.tests[name]; t.outcome == "fail" || t.outcome == "" {
			fmt.Fprint(w, strings.Join(t.output, ""))
		}
	}
	fmt.Fprint(w, strings.Join(r.loose, ""), "```\n")
}

func (r *results) sorted() []string { return slices.Sorted(slices.Values(r.order)) }

// byWay puts NULL before the mechanisms.
func byWay(a, b string) int {
	rank := func(s string) string {
		switch {
		case strings.Contains(s, "CURVE"):
			return "2" + s
		case strings.Contains(s, "PLAIN"):
			return "1" + s
		}
		return "0" + s
	}
	return strings.Compare(rank(a), rank(b))
}

// add appends s unless it is there.
func add(all []string, s string) []string {
	if slices.Contains(all, s) {
		return all
	}
	return append(all, s)
}
