package zap

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

const someKey = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"

func TestValidate(t *testing.T) {
	long := strings.Repeat("x", 256)
	prefix := func(s string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(s)} }
	for name, c := range map[string]struct {
		policy Policy
		field  string
	}{
		"nothing":           {nil, ""},
		"all":               {Policy{"": {Any: true, Deny: prefix("10.0.0.0/8"), Allow: prefix("::/0")}, "a": {Plain: map[string]socket.Secret{"u": "p"}, Curve: map[string]string{someKey: ""}, Decide: func(Request) Decision { return Decision{} }}}, ""},
		"long domain":       {Policy{long: {}}, "its name"},
		"zero in a domain":  {Policy{"a\x00": {}}, "its name"},
		"zero Prefix":       {Policy{"": {Deny: []netip.Prefix{{}}}}, "Deny[0]"},
		"mapped":            {Policy{"": {Allow: prefix("::ffff:10.0.0.0/104")}}, "Allow[0]"},
		"no name":           {Policy{"": {Plain: map[string]socket.Secret{"": "p"}}}, `Plain[""]`},
		"no password":       {Policy{"": {Plain: map[string]socket.Secret{"u": ""}}}, `Plain["u"]`},
		"long password":     {Policy{"": {Plain: map[string]socket.Secret{"u": socket.Secret(long)}}}, `Plain["u"]`},
		"no key":            {Policy{"": {Curve: map[string]string{"key": "u"}}}, `Curve["key"]`},
		"long user id":      {Policy{"": {Curve: map[string]string{someKey: long}}}, `Curve["` + someKey + `"]`},
		"any and passwords": {Policy{"": {Any: true, Plain: map[string]socket.Secret{"u": "p"}}}, "Any"},
		"any and Decide":    {Policy{"": {Any: true, Decide: func(Request) Decision { return Decision{} }}}, "Any"},
	} {
		err := c.policy.Validate()
		var wrong *PolicyError
		if (err == nil) != (c.field == "") || err != nil && (!errors.As(err, &wrong) || wrong.Field != c.field || !errors.Is(err, messages.ErrConfig)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range []Config{{Deadline: -1}, {Deciders: -1}, {Queue: -1}} {
		if err := c.Validate(); !errors.Is(err, messages.ErrConfig) {
			t.Error(err)
		}
	}
}

// The address is looked at in every spelling.
func TestAddresses(t *testing.T) {
	deny := Rules{Any: true, Deny: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("fe80::/10")}}
	allow := Rules{Any: true, Allow: deny.Deny}
	for address, in := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "::FFFF:0a01:0203": true, "2001:DB8::1": true, "2001:0db8:0:0::1": true, "fe80::1%eth0": true,
		"11.0.0.1": false, "::ffff:11.0.0.1": false, "2001:db9::1": false, ":1000:1000:77": false, "": false, "010.1.2.3": false, "10.1.2.3 ": false, "localhost": false,
	} {
		q := &Request{Address: address, Mechanism: isNull}
		if d, _ := (Policy{"": deny}).judge(q); d.Accepted() == in {
			t.Errorf("Deny: %q: %v", address, d)
		}
		if d, _ := (Policy{"": allow}).judge(q); d.Accepted() != in {
			t.Errorf("Allow: %q: %v", address, d)
		}
	}
}

// A policy is a value: what becomes of the caller's maps and slices afterwards does not matter.
func TestPolicyIsCopied(t *testing.T) {
	p := Policy{"": {Plain: map[string]socket.Secret{"u": "p"}, Curve: map[string]string{someKey: "u"}, Deny: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	c := Config{Policy: p}.withDefaults()
	p[""].Plain["u"], p[""].Curve[someKey] = "q", "v"
	p[""].Deny[0] = netip.MustParsePrefix("0.0.0.0/0")
	p["x"] = Rules{Any: true}
	for _, q := range []*Request{{Mechanism: isPlain, Username: "u", Password: "p"}, {Mechanism: isCurve, Key: someKey}} {
		if d, _ := c.Policy.judge(q); !d.Accepted() || d.User != "u" {
			t.Error(d)
		}
	}
	if d, _ := c.Policy.judge(&Request{Domain: "x", Mechanism: isNull}); d.Accepted() {
		t.Error(d)
	}
}

// No event, no request and no policy shows a password.
func TestPasswordsStay(t *testing.T) {
	q := Request{Domain: "d", Username: "u", Mechanism: isPlain, Password: "verysecret"}
	p := Policy{"": {Plain: map[string]socket.Secret{"u": "verysecret"}}}
	var shown strings.Builder
	for _, v := range []any{q, &q, &Decided{q, Refuse("x")}, p, Config{Policy: p}, &Reload{p}, p.Validate()} {
		fmt.Fprintf(&shown, "%v %+v %#v %s %q %x\n", v, v, v, v, v, v)
		slog.New(slog.NewTextHandler(&shown, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&shown, nil)).Info("x", "v", v)
		text, _ := json.Marshal(v)
		shown.Write(text)
	}
	for _, text := range []string{"verysecret", fmt.Sprintf("%x", "verysecret")} {
		if i := strings.Index(shown.String(), text); i >= 0 {
			t.Error(shown.String()[max(0, i-200):i])
		}
	}
}

// What is remembered of those who were let in is bounded. In a domain where there were too many everybody
// is asked again.
func TestGrantsAreBounded(t *testing.T) {
	var g grants
	any := Policy{"": {Any: true}}
	for i := range maxGrants + 10 {
		q := &Request{Domain: "a", Address: fmt.Sprintf("10.0.%d.%d", i>>8, i&255), Mechanism: isNull}
		g.add(q, Accept(""), false)
		g.add(q, Accept(""), false)
	}
	if len(g.all) != maxGrants {
		t.Error(len(g.all))
	}
	where, revoked := g.revoke(any)
	if revoked != 0 || len(where) != 1 || !where["a"].everybody || !where["a"].whom(netip.Addr{}) {
		t.Error(revoked, where)
	}
	if where, revoked = g.revoke(any); revoked != 0 || len(where) != 0 {
		t.Error(revoked, where)
	}
	where, revoked = g.revoke(Policy{"": {Any: true, Deny: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/31")}}})
	if s := where["a"]; revoked != 2 || len(where) != 1 || s.everybody || len(s.at) != 2 || !s.whom(netip.MustParseAddr("10.0.0.1")) || s.whom(netip.MustParseAddr("10.0.0.2")) {
		t.Error(revoked, where)
	}
	if g.add(&Request{Domain: "b", Mechanism: isNull}, Accept(""), false); len(g.all) != maxGrants-1 {
		t.Error(len(g.all))
	}
}

// Another user id for the same key is another credential.
func TestUserIDChanges(t *testing.T) {
	var g grants
	q := &Request{Mechanism: isCurve, Key: someKey, Address: "10.0.0.1"}
	g.add(q, Accept("alice"), false)
	if _, revoked := g.revoke(Policy{"": {Curve: map[string]string{someKey: "alice"}}}); revoked != 0 {
		t.Error(revoked)
	}
	if where, revoked := g.revoke(Policy{"": {Curve: map[string]string{someKey: "bob"}}}); revoked != 1 || !where[""].whom(netip.MustParseAddr("10.0.0.1")) {
		t.Error(revoked, where)
	}
}

// The council asks so many at once and lets so many wait; the rest it turns down. Its goroutines end.
func TestCouncilIsBounded(t *testing.T) {
	k := &council{most: 2, queue: 3}
	free, answers := make(chan bool), make(chan Decision, 10)
	c := consultation{due: time.Now().Add(time.Hour), answer: func(d Decision) { answers <- d },
		decide: func(Request) Decision { <-free; return Accept("") }}
	taken := 0
	for range 10 {
		if k.ask(c) {
			taken++
		}
	}
	if taken != 5 {
		t.Error(taken)
	}
	close(free)
	for range taken {
		if d := <-answers; !d.Accepted() {
			t.Error(d)
		}
	}
	late := c
	late.due = time.Now().Add(-time.Second)
	late.decide = func(Request) Decision { t.Error("asked too late"); return Decision{} }
	if !k.ask(late) || !k.ask(c) {
		t.Error("no room")
	}
	if d := <-answers; !d.Accepted() {
		t.Error(d)
	}
}
