package main

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// split makes frames of a text.
func split(s string) [][]byte {
	var frames [][]byte
	for f := range strings.SplitSeq(s, "|") {
		frames = append(frames, []byte(f))
	}
	return frames
}

func TestCommands(t *testing.T) {
	for text, want := range map[string]error{
		"PING": nil, "1|x": nil, "|": nil, "PING|x": nil, "control|a|b|": nil, "": ErrNotAPing, "ping": ErrNotAPing,
	} {
		frames := split(text)
		c, err := decodeCommand(frames)
		if !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Errorf("%q: %v", text, err)
		} else if err == nil && !reflect.DeepEqual(c.frames(), frames) {
			t.Errorf("%q is %q again", text, c.frames())
		}
	}
	if _, err := decodeCommand(nil); !errors.Is(err, ErrNoFrames) {
		t.Error(err)
	}
}

func TestReplies(t *testing.T) {
	for text, want := range map[string]error{
		"PONG": nil, "17|x": nil, "0|": nil, "": ErrNotAPong, "17": ErrNotAPong, "x|y": ErrNotOurs, "|": ErrNotOurs,
		"-1|x": ErrNotOurs, "PONG|x": ErrNotOurs, "18446744073709551616|": ErrNotOurs, "000000000000000000017|": ErrNotOurs,
	} {
		r, err := decodeReply(split(text))
		if !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Errorf("%q: %v", text, err)
		}
		if err == nil && text == "17|x" && (r.number != 17 || string(r.body[0]) != "x") {
			t.Errorf("%q: %v", text, r)
		}
	}
	if _, err := decodeReply(nil); !errors.Is(err, ErrNoFrames) {
		t.Error(err)
	}
}

// Whatever comes, it is decoded or refused, and what is decoded is encoded as it was.
func FuzzFLP(f *testing.F) {
	for _, s := range []string{"PING", "PONG", "1|x", "", "|", "18446744073709551615|a|b", "PING|PONG"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		frames := split(s)
		known := func(err error) bool {
			return errors.Is(err, ErrNoFrames) || errors.Is(err, ErrNotAPing) || errors.Is(err, ErrNotAPong) || errors.Is(err, ErrNotOurs)
		}
		if c, err := decodeCommand(frames); err == nil {
			if !reflect.DeepEqual(c.frames(), frames) {
				t.Errorf("%q is %q again", frames, c.frames())
			}
		} else if !known(err) {
			t.Error(err)
		}
		if r, err := decodeReply(frames); err == nil {
			if (r.body == nil) != (len(frames) == 1) || len(r.body) > 0 && !reflect.DeepEqual(r.body, frames[1:]) {
				t.Errorf("%q has the body %q", frames, r.body)
			}
		} else if !known(err) {
			t.Error(err)
		}
	})
}
