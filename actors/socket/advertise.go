package socket

import (
	"crypto/rand"
	"strings"

	zmq "github.com/pebbe/zmq4"
)

// advert is a name that this socket has bound. Owned by the actor, whichever incarnation.
type advert struct {
	name, at string
	withdraw func()
}

// toBind is what the thread is asked to bind for an endpoint.
func (b *box) toBind(endpoint string) (string, error) {
	name, ok := strings.CutPrefix(endpoint, clusterScheme)
	if !ok {
		return endpoint, nil
	}
	at, err := b.resolver().Address(name)
	if err == nil {
		err = checkEndpoint("endpoint", at, true, b.cfg.Type)
	}
	return at, err
}

// advertise has the resolver tell of every name that is bound now, and of no other.
func (b *box) advertise() {
	b.mu.Lock()
	sealed := b.sealed != nil
	b.mu.Unlock()
	if sealed {
		b.unadvertise()
		return
	}
	kept := b.adverts[:0]
	for _, a := range b.adverts {
		if b.desired.bindsName(a.name, a.at) {
			kept = append(kept, a)
		} else {
			b.careful(a.withdraw)
		}
	}
	b.adverts = kept
	for _, d := range b.desired.bind {
		name, ok := strings.CutPrefix(d.asked, clusterScheme)
		if !ok || d.at == "" || b.advertises(name, d.at) {
			continue
		}
		b.careful(func() {
			withdraw := b.resolver().Advertise(name, Target{Endpoint: d.at, ServerKey: b.serverKey(), Instance: b.instance})
			b.adverts = append(b.adverts, advert{name, d.at, withdraw})
		})
	}
}

func (b *box) advertises(name, at string) bool {
	for _, a := range b.adverts {
		if a.name == name && a.at == at {
			return true
		}
	}
	return false
}

// unadvertise has nobody come any more: the native socket is gone, or about to be.
func (b *box) unadvertise() {
	for _, a := range b.adverts {
		b.careful(a.withdraw)
	}
	b.adverts = nil
}

// newInstance is for a native socket that has just been opened.
func (b *box) newInstance() { b.instance = rand.Text() }

// serverKey is the public key that connecting peers need, or "".
func (b *box) serverKey() string {
	o := &b.desired.option
	if !o.CurveServer {
		return ""
	}
	public, err := zmq.AuthCurvePublic(string(o.CurveSecretKey))
	if err != nil {
		return o.CurvePublicKey
	}
	return public
}
