package main

import (
	"slices"
	"time"
)

// maxPending is how many updates a passive server keeps. The oldest go first: their clients send them again.
const maxPending = 10_000

// pending is what clients have set and the active server has not published. An update may come from its client
// before it is published, or after, and from either more than once.
type pending struct {
	all  []waiting       // from clients
	done []waiting       // published
	open map[string]int  // how often an UUID is in all
	seen map[string]bool // whether it is in done
}

type waiting struct {
	u     update
	since time.Time
}

// add adds what a client has set, unless it is published.
func (p *pending) add(now time.Time, u update) {
	if p.seen[u.uuid] {
		return
	}
	if len(p.all) >= maxPending {
		p.drop(&p.all)
	}
	if p.open == nil {
		p.open = map[string]int{}
	}
	p.all = append(p.all, waiting{u, now})
	p.open[u.uuid]++
}

// published takes away what the active server has published. Without an UUID nobody knows what that is.
func (p *pending) published(now time.Time, u update) {
	if u.uuid == "" || p.seen[u.uuid] {
		return
	}
	if p.open[u.uuid] > 0 {
		p.all = slices.DeleteFunc(p.all, func(w waiting) bool { return w.u.uuid == u.uuid })
		delete(p.open, u.uuid)
	}
	if len(p.done) >= maxPending {
		p.drop(&p.done)
	}
	if p.seen == nil {
		p.seen = map[string]bool{}
	}
	p.done = append(p.done, waiting{update{uuid: u.uuid}, now})
	p.seen[u.uuid] = true
}

// forget forgets what is older than that.
func (p *pending) forget(than time.Time) {
	for _, list := range []*[]waiting{&p.all, &p.done} {
		for len(*list) > 0 && (*list)[0].since.Before(than) {
			p.drop(list)
		}
	}
}

// drop drops the oldest of a list.
func (p *pending) drop(list *[]waiting) {
	id := (*list)[0].u.uuid
	*list = (*list)[1:]
	if list == &p.done {
		delete(p.seen, id)
	} else if p.open[id]--; p.open[id] == 0 {
		delete(p.open, id)
	}
}

// take returns what is to be published now, in its order.
func (p *pending) take() (all []update) {
	for _, w := range p.all {
		all = append(all, w.u)
	}
	*p = pending{}
	return all
}
