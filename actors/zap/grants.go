package zap

import (
	"crypto/sha256"
	"net/netip"
)

// maxGrants bounds what is remembered of those who were let in.
const maxGrants = 1 << 14

// grants is who was let in, by what, and from where: what a reload judges again. libzmq does not say when
// a connection ends, so a grant stays. Owned by the decider, whichever incarnation.
type grants struct {
	all      map[[32]byte]grant
	overflow map[string]bool // domains in which there were too many to remember
}

type grant struct {
	request Request
	user    string
	asked   bool // Decide has said so
}

// add remembers a decision.
func (g *grants) add(q *Request, d Decision, asked bool) {
	if g.all == nil {
		g.all, g.overflow = map[[32]byte]grant{}, map[string]bool{}
	}
	key := q.sum()
	if _, known := g.all[key]; !known && len(g.all) >= maxGrants {
		g.overflow[q.Domain] = true // bounded: libzmq's domains are the program's own
		return
	}
	g.all[key] = grant{*q, d.User, asked}
}

// sum tells requests apart by domain, address and credentials.
func (q *Request) sum() [32]byte {
	var b []byte
	for _, s := range []string{q.Domain, q.Address, q.Mechanism, q.Username, string(q.Password), q.Key, q.Principal} {
		b = append(append(b, byte(len(s))), s...) // 255 bytes at most
	}
	return sha256.Sum256(b)
}

// everybody are the peers of a domain whose connections are to be cut.
type suspects struct {
	everybody bool
	at        map[netip.Addr]bool
}

func (s *suspects) whom(peer netip.Addr) bool { return s.everybody || s.at[peer] }

// revoke forgets the grants that p would not give, and returns where they were given, by domain. What
// only Decide knows is asked again.
func (g *grants) revoke(p Policy) (where map[string]*suspects, revoked int) {
	where = map[string]*suspects{}
	in := func(domain string) *suspects {
		if where[domain] == nil {
			where[domain] = &suspects{at: map[netip.Addr]bool{}}
		}
		return where[domain]
	}
	for key, had := range g.all {
		if d, ask := p.judge(&had.request); !ask && d.Accepted() && d.User == had.user {
			continue
		}
		delete(g.all, key)
		revoked++
		in(had.request.Domain).at[had.request.addr()] = true
	}
	for domain := range g.overflow {
		delete(g.overflow, domain)
		in(domain).everybody = true
	}
	return where, revoked
}
