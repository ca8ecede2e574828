package main

import (
	"strings"
	"testing"
)

// line is what go test -json says of a test.
func line(action, test, more string) string {
	return `{"Action":"` + action + `","Package":"p","Test":"` + test + `"` + more + "}\n"
}

func cell(name, peer, binds, outcome, unsupported string) string {
	s := line("run", name, "")
	for key, value := range map[string]string{"peer": peer, "pair": "Push → PULL", "way": "tcp", "binds": binds, "unsupported": unsupported} {
		if value != "" {
			s += line("attr", name, `,"Key":"`+key+`","Value":"`+value+`"`)
		}
	}
	s += line("output", name, `,"Output":"`+name+` speaks\n"`)
	if outcome != "" {
		s += line(outcome, name, "")
	}
	return s
}

const passed = `{"Action":"pass","Package":"p"}` + "\n"

func TestMatrix(t *testing.T) {
	for name, c := range map[string]struct {
		in     string
		want   []string
		not    string
		failed bool
	}{
		"ok": {cell("A", "x", "we bind", "pass", "") + passed,
			[]string{"| Push → PULL | ok |", "1 ok, 0 not supported by the peer, 0 skipped, 0 FAIL."}, "speaks", false},
		"unsupported": {cell("A", "x", "we bind", "skip", "no such thing") + passed,
			[]string{"| Push → PULL | – [1] |", "1. no such thing"}, "", false},
		"skipped": {cell("A", "x", "we bind", "skip", "") + passed, []string{"| Push → PULL | skipped |"}, "", false},
		"failed": {cell("A", "x", "they bind", "pass", "") + cell("B", "x", "we bind", "fail", ""),
			[]string{"| Push → PULL | ok | FAIL |", "B speaks"}, "A speaks", true},
		"one of two failed": {cell("A", "x", "we bind", "fail", "") + cell("B", "x", "we bind", "skip", "no"),
			[]string{"| Push → PULL | FAIL |"}, "", true},
		"not ended": {cell("A", "x", "we bind", "", "") + `{"Action":"output","Output":"panic: no\n"}` + "\n",
			[]string{"| Push → PULL | FAIL |", "panic: no"}, "", true},
		"two peers": {cell("A", "x", "we bind", "pass", "") + cell("B", "y", "they bind", "pass", "") + passed,
			[]string{"## x\n", "## y\n", "2 ok"}, "", false},
		"the package failed": {cell("A", "x", "we bind", "pass", "") + `{"Action":"output","Output":"left behind\n"}` + "\n",
			[]string{"left behind"}, "", true},
		"no JSON": {"# p\nx.go:1: wrong\n" + cell("A", "x", "we bind", "pass", ""), []string{"x.go:1: wrong"}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := read(strings.NewReader(c.in))
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			r.print(&b)
			for _, want := range c.want {
				if !strings.Contains(b.String(), want) {
					t.Errorf("not in it: %q\n%s", want, &b)
				}
			}
			if c.not != "" && strings.Contains(b.String(), c.not) || r.failed != c.failed {
				t.Errorf("failed is %v:\n%s", r.failed, &b)
			}
		})
	}
}

func TestNothingHasRun(t *testing.T) {
	if r, err := read(strings.NewReader("go: no such package\n")); err == nil {
		t.Errorf("got %v", r)
	}
}
