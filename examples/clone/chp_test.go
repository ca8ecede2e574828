package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

const (
	seq = "\x00\x00\x00\x00\x00\x00\x01\x02"
	id  = "0123456789abcdef"
)

func split(frames ...string) (all [][]byte) {
	for _, f := range frames {
		all = append(all, []byte(f))
	}
	return all
}

func same(a, b [][]byte) bool { return bytes.Equal(bytes.Join(a, []byte{0}), bytes.Join(b, []byte{0})) }

func TestDecode(t *testing.T) {
	for _, frames := range [][][]byte{
		split("key", seq, id, "ttl=3\na=b=c\n", "value"), split("HUGZ", strings.Repeat("\x00", 8), "", "", ""),
		split("KTHXBAI", seq, "", "\n", "/sub/"), split("k", seq, "", "=\n", ""),
	} {
		u, err := decode(frames)
		if err != nil || !same(u.frames(), frames) || u.sequence > 258 {
			t.Errorf("%q: %v, %q", frames, err, u.frames())
		}
	}
	for _, c := range []struct {
		frame  int
		frames [][]byte
	}{
		{0, nil}, {4, split("key", seq, "", "")}, {6, split("key", seq, "", "", "", "")},
		{0, split("", seq, "", "", "")}, {0, split(strings.Repeat("k", 4097), seq, "", "", "")},
		{1, split("key", "1", "", "", "")}, {1, split("key", seq+"x", "", "", "")},
		{2, split("key", seq, "x", "", "")}, {3, split("key", seq, "", "ttl", "")}, {3, split("key", seq, "", "a=b", "")},
		{3, split("key", seq, "", strings.Repeat("a=b\n", 1025), "")},
	} {
		wrong := new(DecodeError)
		if _, err := decode(c.frames); !errors.As(err, &wrong) || wrong.Frame != c.frame {
			t.Errorf("%.80q: %v", c.frames, err)
		}
	}
}

func TestTTL(t *testing.T) {
	for props, want := range map[string]time.Duration{
		"": 0, "a=1\n": 0, "ttl=0\n": 0, "ttl=7\n": 7 * time.Second, "a=1\nttl=7\nttl=8\n": 7 * time.Second,
		"ttl=\n": -1, "ttl=x\n": -1, "ttl=-1\n": -1, "ttl=1.5\n": -1, "ttl=4294967295\n": -1, "ttl=99999999999999\n": -1,
	} {
		got, err := update{props: props}.ttl()
		if got != max(want, 0) || (err != nil) != (want < 0) {
			t.Errorf("%q: %v, %v", props, got, err)
		}
	}
	for ttl, want := range map[time.Duration]string{0: "", 1: "ttl=1\n", time.Second: "ttl=1\n", 1001 * time.Millisecond: "ttl=2\n"} {
		if got := withTTL(ttl); got != want {
			t.Errorf("%v: %q", ttl, got)
		}
	}
}

func TestRequests(t *testing.T) {
	for subtree, ok := range map[string]bool{"": true, "/a/": true, "/a/b/": true, "/": false, "//": false, "a/": false, "/a": false, "/a//b/": false} {
		got, err := decodeRequest(split("ICANHAZ?", subtree))
		if (err == nil) != ok || ok && got != subtree {
			t.Errorf("%q: %q, %v", subtree, got, err)
		}
	}
	for _, frames := range [][][]byte{nil, split("ICANHAZ?"), split("HUGZ", ""), split("ICANHAZ?", "", "")} {
		if _, err := decodeRequest(frames); err == nil {
			t.Errorf("%q is a request", frames)
		}
	}
}

// Whatever comes, it is decoded or refused, and what is decoded is encoded as it was.
func FuzzCHP(f *testing.F) {
	f.Add([]byte("key"), []byte(seq), []byte(id), []byte("ttl=3\n"), []byte("value"), uint8(5))
	f.Add([]byte("HUGZ"), make([]byte, 8), []byte{}, []byte("\n"), []byte{}, uint8(5))
	f.Add([]byte("ICANHAZ?"), []byte("/sub/tree/"), []byte{}, []byte{}, []byte{}, uint8(2))
	f.Add([]byte("k"), []byte(seq), []byte("short"), []byte("a=b"), []byte{}, uint8(4))
	f.Fuzz(func(t *testing.T, a, b, c, d, e []byte, n uint8) {
		frames := [][]byte{a, b, c, d, e, a}[:n%7]
		wrong := new(DecodeError)
		u, err := decode(frames)
		if err != nil && !errors.As(err, &wrong) {
			t.Error(err)
		}
		if err == nil {
			if !same(u.frames(), frames) {
				t.Errorf("%q is %q again", frames, u.frames())
			}
			if ttl, err := u.ttl(); err != nil && !errors.As(err, &wrong) || ttl < 0 || ttl > maxTTL {
				t.Errorf("%q: %v, %v", u.props, ttl, err)
			}
			s := newStore(limit{10, 1000})
			if p, err := s.set(time.Unix(1, 0), u); err == nil && (p.sequence != 1 || len(s.values) > 1 || s.bytes > 1000) {
				t.Errorf("%v, %d bytes", p, s.bytes)
			}
		}
		if subtree, err := decodeRequest(frames); err == nil && (len(frames) != 2 || subtree != string(frames[1])) || err != nil && !errors.As(err, &wrong) {
			t.Errorf("%q: %q, %v", frames, subtree, err)
		}
	})
}
