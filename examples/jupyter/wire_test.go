package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

var secret = key("secret")

// Dicts of a message that is well.
var good = [4]string{
	`{"msg_id":"1","msg_type":"status","session":"s","username":"u","date":"2024-01-01T00:00:00Z","version":"5.3"}`,
	`{}`, `{"a":1}`, `{"execution_state":"idle"}`,
}

// signed are the frames of a message with a correct signature.
func signed(identities []string, dicts [4]string, buffers ...string) [][]byte {
	var body [][]byte
	for _, d := range dicts {
		body = append(body, []byte(d))
	}
	var frames [][]byte
	for _, i := range identities {
		frames = append(frames, []byte(i))
	}
	frames = append(append(frames, []byte(delimiter), secret.sign(body)), body...)
	for _, b := range buffers {
		frames = append(frames, []byte(b))
	}
	return frames
}

func TestDecode(t *testing.T) {
	m, err := decode(secret, signed([]string{"a", "", "b"}, good, "x", ""))
	if err != nil {
		t.Fatal(err)
	}
	want := &message{Identities: [][]byte{[]byte("a"), {}, []byte("b")},
		Header:   header{"1", "status", "s", "u", "2024-01-01T00:00:00Z", "5.3"},
		Metadata: json.RawMessage(good[2]), Content: json.RawMessage(good[3]), Buffers: [][]byte{[]byte("x"), {}}}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("%+v", m)
	}
	if s, err := contentOf[status](m); err != nil || s.State != "idle" {
		t.Error(s, err)
	}
	if _, err := contentOf[stream](&message{Content: []byte(`{"text":1}`)}); !is(err, badContent) {
		t.Error(err)
	}
}

// The signature of the four dicts, as Python's hmac has it:
// hmac.new(b'secret', b'{"a":1}{}{}{}', 'sha256').hexdigest().
func TestSign(t *testing.T) {
	const want = "5439160579203ae5952244a353b0f81b6ca58a3fb44727217799b393ee79601c"
	if got := string(secret.sign([][]byte{[]byte(`{"a":1}`), []byte("{}"), []byte("{}"), []byte("{}")})); got != want {
		t.Error(got)
	}
}

func is(err error, f fault) bool {
	var w *wireError
	return errors.As(err, &w) && w.fault == f
}

func TestDecodeRefuses(t *testing.T) {
	with := func(i int, dict string) [4]string {
		d := good
		d[i] = dict
		return d
	}
	other := signed(nil, good)
	other[1] = key("another").sign(other[2:6])
	changed := signed(nil, good)
	changed[5] = []byte(`{"execution_state":"busy"}`)
	upper := signed(nil, good)
	upper[1] = bytes.ToUpper(upper[1])
	for name, test := range map[string]struct {
		frames [][]byte
		want   fault
	}{
		"nothing":                  {nil, noDelimiter},
		"no delimiter":             {signed(nil, good)[1:], noDelimiter},
		"too many identities":      {signed(strings.Split(strings.Repeat("x ", maxIdentities), " "), good), noDelimiter},
		"only a delimiter":         {[][]byte{[]byte(delimiter)}, tooShort},
		"three dicts":              {signed(nil, good)[:5], tooShort},
		"too many buffers":         {signed(nil, good, make([]string, maxBuffers+1)...), tooLarge},
		"a dict that is too large": {signed(nil, with(3, `{"a":"`+strings.Repeat("x", maxDict)+`"}`)), tooLarge},
		"another key":              {other, badSignature},
		"a changed content":        {changed, badSignature},
		"upper case":               {upper, badSignature},
		"no signature":             {append([][]byte{[]byte(delimiter), {}}, signed(nil, good)[2:]...), badSignature},
		"a list":                   {signed(nil, with(2, `[1]`)), noDict},
		"null":                     {signed(nil, with(1, `null`)), noDict},
		"half a dict":              {signed(nil, with(3, `{"a":`)), noDict},
		"two dicts":                {signed(nil, with(3, `{}{}`)), noDict},
		"an empty frame":           {signed(nil, with(1, ``)), noDict},
		"no UTF-8":                 {signed(nil, with(3, "{\"a\":\"\xff\"}")), noDict},
		"deep":                     {signed(nil, with(3, strings.Repeat(`{"a":`, 100_000)+"1"+strings.Repeat("}", 100_000))), noDict},
		"an empty header":          {signed(nil, with(0, `{}`)), badHeader},
		"a header without a type":  {signed(nil, with(0, `{"msg_id":"1"}`)), badHeader},
		"a number as id":           {signed(nil, with(0, `{"msg_id":1,"msg_type":"x"}`)), badHeader},
		"a parent with a list":     {signed(nil, with(1, `{"msg_id":[]}`)), badHeader},
		"a long id":                {signed(nil, with(0, `{"msg_id":"`+strings.Repeat("x", maxName+1)+`","msg_type":"x"}`)), badHeader},
		"a parent with a long id":  {signed(nil, with(1, `{"msg_id":"`+strings.Repeat("x", maxName+1)+`"}`)), badHeader},
	} {
		t.Run(name, func(t *testing.T) {
			if m, err := decode(secret, test.frames); m != nil || !is(err, test.want) {
				t.Errorf("%+v, %v", m, err)
			}
		})
	}
	if m, err := decode(secret, signed(make([]string, maxIdentities), good, make([]string, maxBuffers)...)); err != nil {
		t.Errorf("at the bounds: %+v, %v", m, err)
	}
}

// FuzzDecode has frames that are not signed, and the same dicts signed. Whatever they are, there is a message
// or a typed error, and what was read can be written and is read again as the same.
func FuzzDecode(f *testing.F) {
	f.Add("topic", good[0], good[1], good[2], good[3], "buffer")
	f.Add("", good[0], good[0], `{}`, `{"data":{"text/plain":"1"}}`, "")
	f.Add(delimiter, `{}`, `null`, `[]`, `{"a":`, delimiter)
	f.Add("", `{"MSG_ID":"1","msg_type":"x","msg_type":"y"}`, ` {} `, "{\"\\ud800\":1}", `{"name":1,"text":[]}`, "")
	f.Fuzz(func(t *testing.T, identity, head, parent, metadata, content, buffer string) {
		raw := [][]byte{[]byte(identity), []byte(head), []byte(parent), []byte(metadata), []byte(content), []byte(buffer)}
		for i := range raw {
			if _, err := decode(secret, raw[i:]); err == nil {
				t.Fatal("accepted without a signature")
			} else if w := new(wireError); !errors.As(err, &w) {
				t.Fatalf("%T", err)
			}
		}
		m, err := decode(secret, signed([]string{identity}, [4]string{head, parent, metadata, content}, buffer))
		if err != nil {
			if w := new(wireError); !errors.As(err, &w) || w.Error() == "" {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		frames, err := encode(secret, m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decode(secret, frames)
		if err != nil || !reflect.DeepEqual(m, again) {
			t.Fatalf("%+v, then %+v, %v", m, again, err)
		}
		for _, typ := range []string{"stream", "execute_result", "display_data", "error", "status"} {
			m.Header.Type = typ
			out, err := read(m)
			if w := new(wireError); err != nil && !errors.As(err, &w) {
				t.Fatalf("%T: %v", err, err)
			}
			if out == nil {
				continue
			}
			n := len(out.Text)
			paper := transcript{left: Limit{1, 3}}
			kept := 0
			if out = paper.take(out); out != nil {
				kept = len(out.Text)
			}
			if kept > 3 || kept+paper.omitted.Bytes != n {
				t.Fatalf("%d of %d bytes, %d left out", kept, n, paper.omitted.Bytes)
			}
		}
	})
}
