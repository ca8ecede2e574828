package socket

import (
	"slices"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// desired is what a reopen has to bring back: the Config, and what live commands have changed.
// Owned by the actor, whichever incarnation.
type desired struct {
	bind      []bound
	connect   []string
	subscribe []string
	option    Options

	pending []*zmqthread.Do           // on their way
	options map[*zmqthread.Do]Options // of those
	named   map[*zmqthread.Do]string  // binds of those that were asked for by a name
}

// bound is an endpoint as it was asked for and as it was resolved.
type bound struct{ asked, at string }

func desiredBy(cfg Config) desired {
	d := desired{
		connect:   slices.Clone(cfg.Connect),
		subscribe: slices.Clone(cfg.Subscribe),
		option:    cfg.Options,
		options:   map[*zmqthread.Do]Options{},
		named:     map[*zmqthread.Do]string{},
	}
	for _, e := range cfg.Bind {
		d.bind = append(d.bind, bound{e, ""})
	}
	return d
}

// addresses are what to bind: the resolved endpoints once there are some, so that a wildcard's port
// is kept.
func (d *desired) addresses() []string {
	var all []string
	for _, b := range d.bind {
		if b.at == "" {
			b.at = b.asked
		}
		all = append(all, b.at)
	}
	return all
}

func (d *desired) endpoints() []string {
	all := d.addresses()
	if all == nil {
		all = []string{}
	}
	return all
}

func (d *desired) opened(at []string) {
	for i := range min(len(at), len(d.bind)) {
		d.bind[i].at = at[i]
	}
}

func (d *desired) resolve(endpoint string) string {
	for _, b := range d.bind {
		if b.asked == endpoint && b.at != "" {
			return b.at
		}
	}
	return endpoint
}

func (d *desired) did(do *zmqthread.Do, at string) {
	switch do.Command {
	case zmqthread.Bind:
		asked := do.Argument
		if name, ok := d.named[do]; ok {
			asked = name
			delete(d.named, do)
		}
		d.bind = append(d.bind, bound{asked, at})
	case zmqthread.Unbind:
		if i := slices.IndexFunc(d.bind, func(b bound) bool { return b.at == do.Argument || b.asked == do.Argument }); i >= 0 {
			d.bind = slices.Delete(d.bind, i, i+1)
		}
	case zmqthread.Connect:
		d.connect = append(d.connect, do.Argument)
	case zmqthread.Disconnect:
		d.connect = slices.DeleteFunc(d.connect, func(e string) bool { return e == do.Argument }) // as libzmq does
	case zmqthread.Subscribe:
		d.subscribe = append(d.subscribe, do.Argument)
	case zmqthread.Unsubscribe:
		d.subscribe = removed(d.subscribe, do.Argument)
	case zmqthread.SetOptions:
		d.option = d.option.merge(d.options[do])
		delete(d.options, do)
	}
}

func removed(all []string, one string) []string {
	if i := slices.Index(all, one); i >= 0 {
		return slices.Delete(all, i, i+1)
	}
	return all
}

// bindsName reports whether a name is bound there.
func (d *desired) bindsName(name, at string) bool {
	return slices.Contains(d.bind, bound{clusterScheme + name, at})
}
