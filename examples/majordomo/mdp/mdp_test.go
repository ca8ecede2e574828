package mdp_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/examples/majordomo/mdp"
)

func frames(s ...string) [][]byte {
	f := make([][]byte, len(s))
	for i := range s {
		f[i] = []byte(s[i])
	}
	return f
}

// What the RFCs have, frame by frame.
var wire = []struct {
	toBroker bool
	command  mdp.Command
	frames   [][]byte
}{
	{true, mdp.Command{Version: mdp.V1, Role: mdp.Client, Kind: mdp.Request, Service: "echo", Body: frames("a", "")}, frames("", "MDPC01", "echo", "a", "")},
	{true, mdp.Command{Version: mdp.V1, Role: mdp.Client, Kind: mdp.Request, Envelope: frames("1234"), Service: "echo", Body: frames("a")}, frames("1234", "", "MDPC01", "echo", "a")},
	{false, mdp.Command{Version: mdp.V1, Role: mdp.Client, Kind: mdp.Final, Service: "echo", Body: frames("a")}, frames("", "MDPC01", "echo", "a")},
	{true, mdp.Command{Version: mdp.V1, Role: mdp.Worker, Kind: mdp.Ready, Service: "echo"}, frames("", "MDPW01", "\x01", "echo")},
	{false, mdp.Command{Version: mdp.V1, Role: mdp.Worker, Kind: mdp.Request, Address: []byte("c"), Body: frames("a")}, frames("", "MDPW01", "\x02", "c", "", "a")},
	{true, mdp.Command{Version: mdp.V1, Role: mdp.Worker, Kind: mdp.Final, Address: []byte("c"), Body: frames("a")}, frames("", "MDPW01", "\x03", "c", "", "a")},
	{true, mdp.Command{Version: mdp.V1, Role: mdp.Worker, Kind: mdp.Heartbeat}, frames("", "MDPW01", "\x04")},
	{false, mdp.Command{Version: mdp.V1, Role: mdp.Worker, Kind: mdp.Disconnect}, frames("", "MDPW01", "\x05")},
	{true, mdp.Command{Version: mdp.V2, Role: mdp.Client, Kind: mdp.Request, Service: "echo", Body: frames("a")}, frames("MDPC02", "\x01", "echo", "a")},
	{false, mdp.Command{Version: mdp.V2, Role: mdp.Client, Kind: mdp.Partial, Service: "echo", Body: frames("a")}, frames("MDPC02", "\x02", "echo", "a")},
	{false, mdp.Command{Version: mdp.V2, Role: mdp.Client, Kind: mdp.Final, Service: "echo", Body: frames("a")}, frames("MDPC02", "\x03", "echo", "a")},
	{true, mdp.Command{Version: mdp.V2, Role: mdp.Worker, Kind: mdp.Ready, Service: "echo"}, frames("MDPW02", "\x01", "echo")},
	{false, mdp.Command{Version: mdp.V2, Role: mdp.Worker, Kind: mdp.Request, Address: []byte("c"), Body: frames("a")}, frames("MDPW02", "\x02", "c", "", "a")},
	{true, mdp.Command{Version: mdp.V2, Role: mdp.Worker, Kind: mdp.Partial, Address: []byte("c"), Body: frames("a")}, frames("MDPW02", "\x03", "c", "", "a")},
	{true, mdp.Command{Version: mdp.V2, Role: mdp.Worker, Kind: mdp.Final, Address: []byte("c"), Body: frames("", "")}, frames("MDPW02", "\x04", "c", "", "", "")},
	{false, mdp.Command{Version: mdp.V2, Role: mdp.Worker, Kind: mdp.Heartbeat}, frames("MDPW02", "\x05")},
	{true, mdp.Command{Version: mdp.V2, Role: mdp.Worker, Kind: mdp.Disconnect}, frames("MDPW02", "\x06")},
}

func decode(toBroker bool, f [][]byte) (mdp.Command, error) {
	if toBroker {
		return mdp.ToBroker(f)
	}
	return mdp.FromBroker(f)
}

func TestWire(t *testing.T) {
	for _, w := range wire {
		if got := w.command.Frames(); !slices.EqualFunc(got, w.frames, bytes.Equal) {
			t.Errorf("%+v becomes %q, not %q", w.command, got, w.frames)
		}
		got, err := decode(w.toBroker, w.frames)
		if err != nil || !same(got, w.command) {
			t.Errorf("%q is %+v, not %+v: %v", w.frames, got, w.command, err)
		}
		// Most have one direction only.
		if _, err := decode(!w.toBroker, w.frames); (err == nil) != (w.command.Kind == mdp.Heartbeat ||
			w.command.Kind == mdp.Disconnect || w.command.Role == mdp.Client && w.command.Version == mdp.V1) {
			t.Errorf("%q in the other direction: %v", w.frames, err)
		}
	}
}

func same(a, b mdp.Command) bool {
	return a.Version == b.Version && a.Role == b.Role && a.Kind == b.Kind && a.Service == b.Service && bytes.Equal(a.Address, b.Address) &&
		slices.EqualFunc(a.Envelope, b.Envelope, bytes.Equal) && slices.EqualFunc(a.Body, b.Body, bytes.Equal)
}

// A command that lost its end, or has one more, is malformed, or has another body.
func TestCut(t *testing.T) {
	for _, w := range wire {
		talks := w.command.Kind == mdp.Request || w.command.Kind == mdp.Partial || w.command.Kind == mdp.Final
		for n := range w.frames {
			if _, err := decode(w.toBroker, w.frames[:n]); err == nil && (!talks || n <= len(w.frames)-len(w.command.Body)) {
				t.Errorf("the first %d of %q: no error", n, w.frames)
			}
		}
		if _, err := decode(w.toBroker, append(slices.Clone(w.frames), []byte("more"))); (err == nil) != talks {
			t.Errorf("%q and one more: %v", w.frames, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, f := range [][][]byte{
		nil, frames(""), frames("MDPC01", "echo", "x"), frames("", "MDPC02", "\x01", "echo", "x"), frames("1", "2", "3", "", "MDPC01", "echo", "x"),
		frames("1", "", "MDPW01", "\x01", "echo"), frames("", "MDPC01", "", "x"), frames("", "MDPC01", "a\nb", "x"), frames("", "MDPC01", "\xff", "x"),
		frames("", "MDPC01", strings.Repeat("x", 256), "x"), frames("MDPW02", "\x00"), frames("MDPW02", "\x07"), frames("MDPW02", ""), frames("MDPW02", "\x05\x05"),
		frames("MDPW02", "\x04", "", "", "x"), frames("MDPW02", "\x04", strings.Repeat("c", 256), "", "x"), frames("MDPW02", "\x04", "c", "x", "x"),
		frames("MDPX02", "\x05"), frames("MDPC03", "\x01", "echo", "x"),
	} {
		var malformed *mdp.MalformedError
		if c, err := mdp.ToBroker(f); !errors.As(err, &malformed) {
			t.Errorf("%.40q: %+v, %v", f, c, err)
		}
	}
	if f := (mdp.Command{Version: mdp.V1, Role: mdp.Worker, Kind: mdp.Partial}).Frames(); f != nil {
		t.Errorf("PARTIAL in V1: %q", f)
	}
}

// Whatever arrives is a command that encodes to the same frames, or a *MalformedError.
func FuzzDecode(f *testing.F) {
	for _, w := range wire {
		f.Add(pack(w.frames), w.toBroker)
	}
	f.Add([]byte{}, true)
	f.Fuzz(func(t *testing.T, b []byte, toBroker bool) {
		in := unpack(b)
		c, err := decode(toBroker, in)
		var malformed *mdp.MalformedError
		switch {
		case err != nil && (!errors.As(err, &malformed) || err.Error() == "" || malformed.Frames != len(in)):
			t.Fatalf("%q: %v", in, err)
		case err == nil && !slices.EqualFunc(c.Frames(), in, bytes.Equal):
			t.Fatalf("%q became %q", in, c.Frames())
		case err == nil && (len(c.Envelope) > mdp.MaxEnvelope || len(c.Service) > 255 || len(c.Address) > 255):
			t.Fatalf("%q: %+v", in, c)
		}
	})
}

// pack puts a length of one byte in front of every frame.
func pack(f [][]byte) (b []byte) {
	for _, x := range f {
		b = append(append(b, byte(len(x))), x...)
	}
	return b
}

func unpack(b []byte) (f [][]byte) {
	for len(b) > 0 {
		n := min(int(b[0]), len(b)-1)
		f, b = append(f, b[1:1+n:1+n]), b[1+n:]
	}
	return f
}
