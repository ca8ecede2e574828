package interop

import (
	"flag"
	"strings"
	"testing"
)

// tryAll runs what the peers are known not to do, too. That is how the symptoms in docs/interop.md were
// seen.
var tryAll = flag.Bool("try-all", false, "run what a peer does not support, too")

// cell tells internal/interop/matrix which cell of the matrix test t fills, and skips it where a
// limit of the peer is known.
func cell(t *testing.T, k *kind, pair, way, binds string) {
	t.Helper()
	t.Attr("peer", k.name)
	t.Attr("pair", pair)
	t.Attr("way", way)
	t.Attr("binds", binds)
	for _, l := range limits {
		if !*tryAll && l.kind == k && l.applies(pair, way, binds) {
			unsupported(t, l.why)
		}
	}
}

// unsupported ends a test of what the peer does not do.
func unsupported(t testing.TB, why string) {
	t.Helper()
	t.Attr("unsupported", why)
	t.Skip("not supported by the peer: ", why)
}

// A limit is something that a peer does not do, and what shows it.
type limit struct {
	kind  *kind
	pairs string // "; " between them; "" is all
	way   string // "" is all
	binds string // "" is both
	why   string
}

func (l limit) applies(pair, way, binds string) bool {
	return (l.pairs == "" || strings.Contains("; "+l.pairs+"; ", "; "+pair+"; ")) &&
		(l.way == "" || l.way == way) && (l.binds == "" || l.binds == binds)
}

const namesUsers = "its ThreadAuthenticator names whom it lets in, and a REQ of libzmq that is the server then drops the " +
	"connection at the first reply"

// limits are what was seen with -try-all and traced to the peer. What a peer has no words for it says
// itself.
var limits = []limit{
	{kind: pyzmq, pairs: "Rep ⇄ REQ", way: plain.String(), binds: "they bind", why: namesUsers},
	{kind: pyzmq, pairs: "Rep ⇄ REQ", way: curve.String(), binds: "they bind", why: namesUsers},
	{kind: goZeromq, pairs: "Req ⇄ REP; Dealer ⇄ REP",
		why: "its REP takes the last empty frame of a request for the end of the envelope: a body with empty frames is cut, " +
			"and what was cut off comes back in front of the reply"},
	{kind: goZeromq, pairs: "Sub ↔ XPUB; XSub ↔ XPUB",
		why: "its XPUB keeps the subscriptions that it gets to itself: Recv never returns one"},
	{kind: goZeromq, pairs: "Pub → XSUB–XPUB → Sub",
		why: "its proxy forwards no subscription, as its XPUB never returns one: the Pub waits in vain for a subscriber"},
	{kind: goZeromq, pairs: "refused: PLAIN, wrong password; refused: PLAIN, wrong username", binds: "they bind",
		why: "its PLAIN server lets everybody in: the handshake succeeds with a wrong password"},
	{kind: goZeromq, pairs: "Push → PULL, which restarts; Req ⇄ REP, which restarts; Sub ← PUB, which restarts", way: "ipc", binds: "they bind",
		why: "it leaves its socket file behind when it is killed, and cannot listen there again: address already in use"},
}
