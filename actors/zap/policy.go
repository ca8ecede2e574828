package zap

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/sockeye-mq/sockeye/actors/curve"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// Policy says who may connect, by ZAP domain: socket.Options.ZAPDomain of the server. The rules for ""
// are those of every domain that has none of its own, and of servers without a domain. Where there are
// no rules everybody is refused. A plain value: it is copied when it is handed over.
type Policy map[string]Rules

// Rules are those of one domain. The zero value refuses everybody. First the address is looked at, then
// the credentials.
type Rules struct {
	// Deny are addresses that are refused, whatever else is said. An IPv4 peer has an IPv4 address, on
	// a socket with IPv6, too.
	Deny []netip.Prefix
	// Allow, if there are any, are the only addresses that are not refused. A peer over ipc has none,
	// and is refused then. It lets nobody in by itself: what counts behind it are the credentials, or
	// Any.
	Allow []netip.Prefix

	// Plain are the users of PLAIN and their passwords, 1 to 255 bytes each. The user id is the name.
	Plain map[string]socket.Secret
	// Curve are the public keys that may come over CURVE, in Z85, each with a user id of up to 255
	// bytes. Default of a user id: the key.
	Curve map[string]string

	// Any lets everybody in that was not refused by address: over NULL as "", over PLAIN, whatever
	// the password, over CURVE with any key, and over GSSAPI. Not with Plain, Curve or Decide.
	Any bool

	// Decide is asked about everybody of whom Deny, Allow, Plain and Curve say nothing; a user in
	// Plain with a wrong password is refused. It runs on a goroutine of its own and may take its time,
	// up to Config.Deadline. It is called anew for every connection, and at the same time for several.
	Decide func(Request) Decision
}

// PolicyError says what is wrong with a Policy. It never quotes a password.
type PolicyError struct{ Domain, Field, Reason string }

func (e *PolicyError) Error() string {
	return fmt.Sprintf("zap policy: domain %q: %s: %s", e.Domain, e.Field, e.Reason)
}

// Is lets errors.Is(err, messages.ErrConfig) find it.
func (e *PolicyError) Is(target error) bool { return target == messages.ErrConfig }

// Validate finds what is wrong with p, above all rules that could never apply: nil or a *PolicyError.
func (p Policy) Validate() error {
	for _, domain := range slices.Sorted(maps.Keys(p)) {
		r := p[domain]
		if len(domain) > maxString || strings.IndexByte(domain, 0) >= 0 {
			return &PolicyError{domain, "its name", "a domain has 255 bytes at most and none that is 0"}
		}
		if field, reason := r.wrong(); reason != "" {
			return &PolicyError{domain, field, reason}
		}
	}
	return nil
}

func (r *Rules) wrong() (field, reason string) {
	for _, list := range []struct {
		field string
		all   []netip.Prefix
	}{{"Deny", r.Deny}, {"Allow", r.Allow}} {
		for i, p := range list.all {
			switch {
			case !p.IsValid():
				return fmt.Sprintf("%s[%d]", list.field, i), "not a prefix"
			case p.Addr().Is4In6():
				return fmt.Sprintf("%s[%d]", list.field, i), p.String() + " would match nothing: an IPv4 address is written as one"
			}
		}
	}
	for user, password := range r.Plain {
		if user == "" || len(user) > maxString || password == "" || len(password) > maxString {
			return fmt.Sprintf("Plain[%.300q]", user), "names and passwords have 1 to 255 bytes"
		}
	}
	for key, user := range r.Curve {
		if _, err := curve.Decode(key); err != nil {
			return fmt.Sprintf("Curve[%.300q]", key), err.Error()
		}
		if len(user) > maxString {
			return fmt.Sprintf("Curve[%q]", key), "a user id has 255 bytes at most"
		}
	}
	if r.Any && (r.Decide != nil || len(r.Plain) > 0 || len(r.Curve) > 0) {
		return "Any", "leaves nothing for Plain, Curve or Decide to say"
	}
	return "", ""
}

// clone is a copy that nobody else can change.
func (p Policy) clone() Policy {
	all := Policy{}
	for domain, r := range p {
		r.Deny, r.Allow = slices.Clone(r.Deny), slices.Clone(r.Allow)
		r.Plain, r.Curve = maps.Clone(r.Plain), maps.Clone(r.Curve)
		all[domain] = r
	}
	return all
}

// rules are those for a domain.
func (p Policy) rules(domain string) (Rules, bool) {
	r, ok := p[domain]
	if !ok {
		r, ok = p[""]
	}
	return r, ok
}

// judge decides, or says that Decide is to be asked.
func (p Policy) judge(q *Request) (d Decision, ask bool) {
	r, ok := p.rules(q.Domain)
	if !ok {
		return Refuse("no rules for this domain"), false
	}
	if reason := r.refuses(q.addr()); reason != "" {
		return Refuse(reason), false
	}
	switch {
	case r.Any:
		return Accept(q.user()), false
	case q.Mechanism == isPlain:
		if password, known := r.Plain[q.Username]; !same(password, q.Password) && known {
			return Refuse("wrong password"), false
		} else if known {
			return Accept(q.Username), false
		}
	case q.Mechanism == isCurve:
		if user, known := r.Curve[q.Key]; known {
			if user == "" {
				user = q.Key
			}
			return Accept(user), false
		}
	}
	if r.Decide != nil {
		return Decision{}, true
	}
	return Refuse(map[string]string{isPlain: "unknown user", isCurve: "unknown key"}[q.Mechanism] + map[string]string{
		isNull: "NULL needs Any or Decide", isGSSAPI: "GSSAPI needs Any or Decide"}[q.Mechanism]), false
}

// refuses is why peers at this address are refused, or "".
func (r *Rules) refuses(at netip.Addr) string {
	contains := func(p netip.Prefix) bool { return p.Contains(at) }
	switch {
	case slices.ContainsFunc(r.Deny, contains):
		return "denied address"
	case len(r.Allow) > 0 && !slices.ContainsFunc(r.Allow, contains):
		return "address not allowed"
	}
	return ""
}

// user is the user id where nothing else is said.
func (q *Request) user() string { return q.Username + q.Key + q.Principal }

// same compares passwords in a time that depends neither on what they have in common nor on their
// lengths.
func same(a, b socket.Secret) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
