package socket_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
)

// directory is a Resolver in memory, which a test can make tell anything.
type directory struct {
	mu        sync.Mutex
	n         int
	records   map[string][]socket.Target               // guarded by mu: by name
	followers map[string]map[int]func([]socket.Target) // guarded by mu
	pending   map[int]confirm                          // guarded by mu
}

type confirm struct {
	t     socket.Target
	alive func()
}

func newDirectory() *directory {
	return &directory{records: map[string][]socket.Target{}, followers: map[string]map[int]func([]socket.Target){}, pending: map[int]confirm{}}
}

func (d *directory) Address(string) (string, error) { return "tcp://127.0.0.1:*", nil }

func (d *directory) Advertise(name string, at socket.Target) (withdraw func()) {
	d.mu.Lock()
	d.n++
	at.ID, at.Token = fmt.Sprint("record", d.n), int64(d.n)
	d.mu.Unlock()
	d.put(name, at)
	return func() { d.remove(name, at) }
}

// put adds a record, and remove takes it back.
func (d *directory) put(name string, t socket.Target) {
	d.change(name, func(all []socket.Target) []socket.Target { return append(all, t) })
}

func (d *directory) remove(name string, t socket.Target) {
	d.change(name, func(all []socket.Target) []socket.Target {
		if i := slices.Index(all, t); i >= 0 { // one of them: a test may have put it twice
			return slices.Delete(slices.Clone(all), i, i+1)
		}
		return all
	})
}

func (d *directory) change(name string, f func([]socket.Target) []socket.Target) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records[name] = f(d.records[name][:len(d.records[name]):len(d.records[name])])
	for _, tell := range d.followers[name] {
		tell(d.records[name])
	}
}

func (d *directory) Follow(name string, changed func([]socket.Target)) (stop func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.n++
	id := d.n
	if d.followers[name] == nil {
		d.followers[name] = map[int]func([]socket.Target){}
	}
	d.followers[name][id] = changed
	changed(d.records[name])
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.followers[name], id)
	}
}

func (d *directory) Confirm(t socket.Target, alive func()) (cancel func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.n++
	id := d.n
	d.pending[id] = confirm{t, alive}
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.pending, id)
	}
}

// at are a name's records.
func (d *directory) at(name string) []socket.Target {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.records[name]
}

// asked are those whose sign of life is waited for.
func (d *directory) asked() (all []socket.Target) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.pending {
		all = append(all, c.t)
	}
	return all
}

// confirm gives every sign of life that is waited for.
func (d *directory) confirm() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, c := range d.pending {
		delete(d.pending, id)
		c.alive()
	}
}

// idle says that nobody wants anything of it any more.
func (d *directory) idle(t *testing.T) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, f := range d.followers {
		if len(f) > 0 {
			t.Errorf("%d still follow %s", len(f), name)
		}
	}
	for name, r := range d.records {
		if len(r) > 0 {
			t.Errorf("%s is still bound at %v", name, r)
		}
	}
	if len(d.pending) > 0 {
		t.Errorf("%d still wait for a sign of life", len(d.pending))
	}
}
