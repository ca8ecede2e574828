// Package docs tests what can be tested of the documents.
package docs

import (
	"os"
	"strings"
	"testing"
)

// graph is who waits for whom.
type graph map[string][]string

// waits reads the table of ownership.md.
func waits(text string) graph {
	g := graph{}
	inside := false
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 {
			inside = false
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case cells[0] == "who" && cells[1] == "waits for":
			inside = true
		case inside && !strings.HasPrefix(cells[0], "---"):
			for who := range strings.SplitSeq(cells[0], ", ") {
				g[who] = append(g[who], cells[1])
			}
		}
	}
	return g
}

// cycle is a way from who back to itself, nil if there is none.
func (g graph) cycle(who string, way []string) []string {
	for i, before := range way {
		if before == who {
			return append(way[i:len(way):len(way)], who)
		}
	}
	for _, next := range g[who] {
		if c := g.cycle(next, append(way[:len(way):len(way)], who)); c != nil {
			return c
		}
	}
	return nil
}

// reach is everything that who may end up waiting for.
func (g graph) reach(who string, seen map[string]bool) map[string]bool {
	for _, next := range g[who] {
		if !seen[next] {
			seen[next] = true
			g.reach(next, seen)
		}
	}
	return seen
}

// The graph of docs/ownership.md has no cycle, and from the thread it leads to short locks only.
func TestNothingWaitsForItself(t *testing.T) {
	text, err := os.ReadFile("ownership.md")
	if err != nil {
		t.Fatal(err)
	}
	g := waits(string(text))
	if len(g) < 15 {
		t.Fatalf("only %d are said to wait for anything", len(g))
	}
	for who := range g {
		if c := g.cycle(who, nil); c != nil {
			t.Error("a cycle:", strings.Join(c, " -> "))
		}
	}
	short := map[string]bool{"box.sending": true, "box.mu": true, "Thread.mu": true, "the bell": true, "holders": true, "sharedContext.mu": true}
	for what := range g.reach("ZeroMQ thread", map[string]bool{}) {
		if !short[what] {
			t.Error("the ZeroMQ thread may wait for", what)
		}
	}
}

// The test finds a cycle when there is one.
func TestCycleIsFound(t *testing.T) {
	g := waits("| who | waits for | until |\n|---|---|---|\n| a, x | b | |\n| b | c | |\n| c | a | |\n")
	if c := g.cycle("x", nil); strings.Join(c, " ") != "b c a b" {
		t.Error(c)
	}
}
