package registry

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// churn is three members in processes of their own that claim the same names, and note when they hold.
type churn struct {
	t      *testing.T
	etcd   *etcdtest.Etcd
	client *clientv3.Client
	dir    string
	born   int
	living map[string]*peer.Process
}

const claimed = 4 // names

func (c *churn) spawn() {
	c.born++
	name := fmt.Sprint("m", c.born)
	p := process(c.t, c.etcd, name, filepath.Join(c.dir, name))
	for n := range claimed {
		p.Tell(fmt.Sprint("claim n", n))
	}
	c.living[name] = p
}

// owner is whose turn it is.
func (c *churn) owner(name string) string {
	got, err := c.client.Get(soon(c.t), "/sockeye/shop/claim/"+name+"/", clientv3.WithFirstCreate()...)
	if err != nil || len(got.Kvs) == 0 {
		return ""
	}
	member, _ := candidate(filepath.Base(string(got.Kvs[0].Key)))
	return member
}

// noted is what all members have noted of a name, by token.
func (c *churn) noted(name string) []slot {
	files, err := filepath.Glob(filepath.Join(c.dir, "*."+name))
	must(c.t, err)
	all := notes(c.t, files...)
	slices.SortFunc(all, func(a, b slot) int { return int(a.Token - b.Token) })
	return all
}

// handovers is how often a name has been handed on, all names together.
func (c *churn) handovers() (n int) {
	for i := range claimed {
		n += max(0, len(c.noted(fmt.Sprint("n", i)))-1)
	}
	return n
}

// next waits until a name has another owner, which has noted that it holds.
func (c *churn) next(name, old string, before int) {
	c.t.Helper()
	rig.Until(c.t, "it is handed on", func() bool {
		now := c.owner(name)
		return now != "" && now != old && len(c.noted(name)) > before
	})
}

// Members are killed, paused and replaced, claims are deleted by hand, and etcd is paused: two never hold one name at once.
func TestNeverTwo(t *testing.T) {
	etcdtest.Each(t, func(t *testing.T, e *etcdtest.Etcd) {
		c := &churn{t: t, etcd: e, client: e.Client(t), dir: t.TempDir(), living: map[string]*peer.Process{}}
		for range 3 {
			c.spawn()
		}
		rig.Until(t, "one holds", func() bool { return len(c.noted("n0")) == 1 })
		dice := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
		for c.handovers() < 20 {
			name := fmt.Sprint("n", dice.IntN(claimed))
			rig.Until(t, "somebody owns it", func() bool { return c.living[c.owner(name)] != nil })
			who := c.owner(name)
			before := len(c.noted(name))
			switch dice.IntN(6) {
			case 0, 1:
				c.living[who].Kill()
				delete(c.living, who)
				c.spawn()
				c.next(name, who, before)
			case 2, 3:
				c.living[who].Signal(syscall.SIGSTOP)
				c.next(name, who, before)
				time.Sleep(time.Duration(dice.Int64N(int64(ttl / 4)))) // at any moment of the next one's
				c.living[who].Signal(syscall.SIGCONT)
			case 4:
				e.Pause()
				time.Sleep(time.Duration(dice.Int64N(int64(ttl))))
				e.Resume()
			case 5: // its claim's key is deleted by hand
				first, err := c.client.Get(soon(t), "/sockeye/shop/claim/"+name+"/", clientv3.WithFirstCreate()...)
				must(t, err)
				_, err = c.client.Delete(soon(t), string(first.Kvs[0].Key))
				must(t, err)
				c.next(name, who, before)
			}
		}
		for i := range claimed {
			name := fmt.Sprint("n", i)
			all := c.noted(name)
			for j := 1; j < len(all); j++ {
				if all[j].First < all[j-1].Last || all[j].Token == all[j-1].Token {
					t.Errorf("%s was held by two: %+v and %+v", name, all[j-1], all[j])
				}
			}
			t.Log(name, "was handed on", strings.Count(fmt.Sprint(all), "{")-1, "times")
		}
	})
}
