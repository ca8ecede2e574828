package registry

import (
	"fmt"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// After etcd was restarted watches are made again one by one, and none has missed anything.
func TestRewatch(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		const many = 300
		a, b := member(t, e, "a"), member(t, e, "b")
		seen := newQueue[string](t)
		for i := range many {
			t.Cleanup(b.Follow(fmt.Sprint("n", i), func(all []Entry) { seen.put(addresses(all)) }))
		}
		watches := func() int {
			b.mu.Lock()
			defer b.mu.Unlock()
			return len(b.watcher.ids)
		}
		rig.Until(t, "all are watched", func() bool { return watches() == many+1 })
		for range many {
			seen.next()
		}
		e.Kill()
		for i := range many {
			a.Advertise(fmt.Sprint("n", i), at(i))
		}
		e.Start()
		rig.Until(t, "etcd is back", func() bool { n := watches(); return n > 0 && n < many })
		began, from := time.Now(), watches()
		rig.Until(t, "all are watched again", func() bool { return watches() == many+1 })
		if d, n := time.Since(began), many-from; d < time.Duration(n)*perWatch/2 {
			t.Errorf("%d watches were made in %v", n, d)
		}
		for range many {
			if got := seen.next(); got == "" {
				t.Error("told that nobody is there")
			}
		}
	})
}
