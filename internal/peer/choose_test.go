package peer

import (
	"os"
	"testing"
)

func TestChoose(t *testing.T) {
	for name, c := range map[string]struct{ own, works, want string }{
		"system's":          {works: "/usr/bin/python3", want: "/usr/bin/python3"},
		"first on PATH":     {works: "python3", want: "python3"},
		"named":             {own: "/opt/py", works: "/opt/py", want: "/opt/py"},
		"named but useless": {own: "/opt/py", works: "python3"},
		"none":              {},
	} {
		if got, tried := choose(c.own, func(p string) bool { return p == c.works }); got != c.want {
			t.Errorf("%s: %q out of %q, want %q", name, got, tried, c.want)
		}
	}
}

// ending is a test that notes how it was ended.
type ending struct {
	testing.TB
	how string
}

func (e *ending) Helper()      {}
func (e *ending) Fatal(...any) { e.end("failed") }
func (e *ending) Skip(...any)  { e.end("skipped") }

// end notes the first end: a real test would run no further.
func (e *ending) end(how string) {
	if e.how == "" {
		e.how = how
	}
}

func TestMissing(t *testing.T) {
	for name, c := range map[string]struct {
		asked    bool
		ci, want string
	}{
		"here":               {want: "skipped"},
		"CI that is not one": {ci: "false", want: "skipped"},
		"CI":                 {ci: "true", want: "failed"},
		"asked for":          {asked: true, want: "failed"},
	} {
		t.Setenv("CI", c.ci)
		if c.ci == "" {
			os.Unsetenv("CI")
		}
		e := &ending{}
		if Missing(e, c.asked, "it is not here"); e.how != c.want {
			t.Errorf("%s: %s, want %s", name, e.how, c.want)
		}
	}
}
