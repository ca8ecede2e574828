package curve_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/curve"
	"github.com/sockeye-mq/sockeye/actors/socket"
)

func pair(t testing.TB) curve.KeyPair {
	t.Helper()
	k, err := curve.New()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// New keys belong together, differ from one another, and make options that a socket takes.
func TestNew(t *testing.T) {
	a, b := pair(t), pair(t)
	if err := a.Check(); err != nil || a.Public == b.Public || a.Secret == b.Secret {
		t.Error(err, a, b)
	}
	for _, c := range []struct {
		options socket.Options
		want    bool
	}{{a.Server("shop"), true}, {a.Server(""), true}, {b.Client(a.Public), true}, {b.Client(""), false}, {curve.KeyPair{}.Server(""), false}} {
		if err := (socket.Config{Type: socket.Dealer, Options: c.options}).Validate(); (err == nil) != c.want {
			t.Error(err)
		}
	}
}

// Whatever a program does to show a pair or to send it somewhere, its secret key stays here.
func TestSecretStays(t *testing.T) {
	k := pair(t)
	secret := string(k.Secret)
	type around struct {
		Keys  curve.KeyPair
		Also  *curve.KeyPair
		Map   map[string]curve.KeyPair
		Alone socket.Secret
	}
	a := around{k, &k, map[string]curve.KeyPair{"k": k}, k.Secret}
	var shown strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T", "%U"} {
		fmt.Fprintf(&shown, verb+" "+verb+" "+verb+"\n", k, &k, a)
	}
	fmt.Fprintln(&shown, k, a, []any{k, &k}, k.Server("x"), k.Client(k.Public))
	for _, h := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
		slog.New(h).Info("keys", "k", k, "p", &k, "a", a, "s", k.Secret)
	}
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, xml.Marshal} {
		for _, v := range []any{k, &k, a} {
			out, _ := marshal(v)
			shown.Write(out)
		}
	}
	var out bytes.Buffer
	if err := gob.NewEncoder(&out).Encode(k); err == nil {
		t.Error("gob has taken it")
	}
	shown.Write(out.Bytes())
	bad := k
	bad.Secret = bad.Secret[1:] + "!"
	for _, err := range []error{bad.Check(), bad.Save(t.TempDir() + "/x"), bad.Save("/nowhere/at/all")} {
		fmt.Fprintln(&shown, err)
	}
	for _, text := range []string{secret, secret[:20], secret[20:], fmt.Sprintf("%x", secret), string(bad.Secret)} {
		if at := strings.Index(shown.String(), text); at >= 0 {
			t.Errorf("shown: …%s…", shown.String()[max(0, at-60):at])
		}
	}
	if !strings.Contains(shown.String(), k.Public) {
		t.Error("nor is the public one")
	}
}

func TestCheck(t *testing.T) {
	k, other := pair(t), pair(t)
	for name, c := range map[string]struct {
		keys curve.KeyPair
		want string
	}{
		"in order":        {k, ""},
		"public only":     {curve.KeyPair{Public: k.Public}, ""},
		"nothing":         {curve.KeyPair{}, "public key: 0 characters"},
		"short":           {curve.KeyPair{Public: k.Public[1:]}, "39 characters"},
		"not Z85":         {curve.KeyPair{Public: strings.Repeat("~", 40)}, "character 0 is not one of Z85"},
		"too large":       {curve.KeyPair{Public: strings.Repeat("#", 40)}, "characters 0 to 4 are no number"},
		"of another":      {curve.KeyPair{Public: k.Public, Secret: other.Secret}, "does not belong"},
		"bad secret":      {curve.KeyPair{Public: k.Public, Secret: "x"}, "secret key: 1 characters"},
		"metadata name":   {curve.KeyPair{Public: k.Public, Metadata: map[string]string{"a b": "c"}}, "letters"},
		"metadata line":   {curve.KeyPair{Public: k.Public, Metadata: map[string]string{"a": "c\ncurve"}}, "control character"},
		"metadata quotes": {curve.KeyPair{Public: k.Public, Metadata: map[string]string{"a": `'x" # '`}}, "quotes"},
	} {
		if err := c.keys.Check(); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// Encode and Decode are each other's opposite; the bytes are those of RFC 32.
func TestZ85(t *testing.T) {
	k := pair(t)
	b, err := curve.Decode(k.Public)
	if err != nil || len(b) != 32 || curve.Encode([32]byte(b)) != k.Public {
		t.Error(b, err)
	}
	want := [32]byte{0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b} // RFC 32: HelloWorld
	if got := curve.Encode(want); got[:10] != "HelloWorld" {
		t.Error(got)
	}
}
