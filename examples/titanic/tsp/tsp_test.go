package tsp_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/examples/titanic/tsp"
)

func frames(s ...string) [][]byte {
	f := make([][]byte, len(s))
	for i := range s {
		f[i] = []byte(s[i])
	}
	return f
}

const id = "00112233445566778899aabbccddeeff"

func TestID(t *testing.T) {
	for _, text := range []string{id, strings.ToUpper(id)} {
		got, err := tsp.ParseID([]byte(text))
		if err != nil || got.String() != id {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if a, b := tsp.NewID(), tsp.NewID(); a == b || len(a.String()) != 32 {
		t.Errorf("%v, %v", a, b)
	}
}

func TestMalformed(t *testing.T) {
	var malformed *tsp.MalformedError
	for _, f := range [][][]byte{nil, frames(""), frames(id[1:]), frames(id + "0"), frames(id, id), frames("../../../../../etc/passwd.......")[:1],
		frames(id[:31] + "g"), frames(id[:31] + "\x00"), frames(strings.Repeat("/", 32))} {
		if got, err := tsp.DecodeID(f); !errors.As(err, &malformed) {
			t.Errorf("%q: %v, %v", f, got, err)
		}
	}
	for _, f := range [][][]byte{nil, frames("echo"), frames("", "x"), frames("a\x00", "x"), frames(strings.Repeat("x", 256), "x")} {
		if got, _, err := tsp.DecodeRequest(f); !errors.As(err, &malformed) {
			t.Errorf("%q: %q, %v", f, got, err)
		}
	}
	for _, f := range [][][]byte{nil, frames(""), frames("20"), frames("2000"), frames("200OK"), frames("201"), frames("OK ")} {
		if got, _, err := tsp.DecodeReply(f); !errors.As(err, &malformed) {
			t.Errorf("%q: %v, %v", f, got, err)
		}
	}
}

func TestReply(t *testing.T) {
	for _, s := range []tsp.Status{tsp.OK, tsp.Pending, tsp.Unknown, tsp.Error} {
		got, rest, err := tsp.DecodeReply(s.Reply(frames("a", "")...))
		if err != nil || got != s || !slices.EqualFunc(rest, frames("a", ""), bytes.Equal) {
			t.Errorf("%d: %d, %q, %v", s, got, rest, err)
		}
	}
	if got, rest, err := tsp.DecodeReply(frames("300 come back", "x")); err != nil || got != tsp.Pending || len(rest) != 1 {
		t.Errorf("%d, %q, %v", got, rest, err)
	}
}

// Whatever arrives is what it should be, or a *MalformedError; and an ID is fit for a file's name.
func FuzzDecode(f *testing.F) {
	for _, seed := range [][][]byte{frames("echo", "x"), frames(id), frames("200"), frames("300 OK", "x"), nil, frames("../" + id)} {
		var b []byte
		for _, x := range seed {
			b = append(append(b, byte(len(x))), x...)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var in [][]byte // each frame behind its length
		for len(b) > 0 {
			n := min(int(b[0]), len(b)-1)
			in, b = append(in, b[1:1+n:1+n]), b[1+n:]
		}
		check := func(what string, err error, well bool) {
			var malformed *tsp.MalformedError
			if err != nil && !errors.As(err, &malformed) || err == nil && !well {
				t.Fatalf("%q as %s: %v", in, what, err)
			}
		}
		id, err := tsp.DecodeID(in)
		check("id", err, err != nil || len(in) == 1 && strings.EqualFold(string(in[0]), id.String()) && strings.Trim(id.String(), "0123456789abcdef") == "")
		service, rest, err := tsp.DecodeRequest(in)
		check("request", err, err != nil || slices.EqualFunc(append([][]byte{[]byte(service)}, rest...), in, bytes.Equal) && len(rest) > 0)
		status, rest, err := tsp.DecodeReply(in)
		check("reply", err, err != nil || bytes.HasPrefix(in[0], status.Reply()[0]) && len(rest) == len(in)-1)
	})
}
