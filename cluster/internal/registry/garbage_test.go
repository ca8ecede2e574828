package registry

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sockeye-mq/sockeye/internal/etcdtest"
)

// What others have written under our keys is nobody's.
func TestGarbage(t *testing.T) {
	t.Parallel()
	e := etcdtest.Embedded(t)
	var logged atomic.Int32
	a := member(t, e, "a", func(c *Config) { c.Logger = countWarnings(&logged) })
	put := func(key, value string) {
		_, err := a.client.Put(soon(t), "/sockeye/shop/"+key, value)
		must(t, err)
	}
	put("name/orders/a-1", "{")
	put("name/orders/b-1", `{"address":"tcp://x:1","member":"a"}`)
	put("name/orders/b-2", `{"address":"x","member":"b"}`)
	put("name/orders/b", `{"address":"tcp://x:1","member":"b"}`)
	put("name/orders/", "")
	put("name/orders/b-3", strings.Repeat("x", 5000))
	put("name/orders/b-4", `{"address":"tcp://x:1","member":"b"}`) // nobody's lease, but a record
	put("member/x y", "{}")
	put("claim/orders/garbage", "first")
	seen := follow_(t, a, "orders")
	seen.until(is("tcp://x:1"))
	all, err := a.Resolve(soon(t), "orders")
	if err != nil || addresses(all) != "tcp://x:1" {
		t.Errorf("resolved %v, %v", all, err)
	}
	a.Advertise("orders", at(1)) // at a key that is taken
	a.Advertise("orders", at(2))
	seen.until(func(s string) bool {
		return s == "tcp://x:1 "+at(1).Address+" "+at(2).Address || s == "tcp://x:1 "+at(2).Address+" "+at(1).Address
	})
	if n := logged.Load(); n != 6 {
		t.Errorf("%d warnings for 6 keys", n)
	}
	c, told := claim(t, a, "orders")
	_, err = a.client.Delete(soon(t), "/sockeye/shop/claim/orders/garbage")
	must(t, err)
	owns(told) // the garbage was before it
	if !c.Holds() {
		t.Error("it does not hold")
	}
}

func TestConfig(t *testing.T) {
	client := etcdtest.Client(t, "127.0.0.1:1")
	good := Config{Client: client, Cluster: "shop", Member: "a"}
	for name, change := range map[string]func(*Config){
		"no client":      func(c *Config) { c.Client = nil },
		"no cluster":     func(c *Config) { c.Cluster = "" },
		"a slash":        func(c *Config) { c.Cluster = "a/b" },
		"no member":      func(c *Config) { c.Member = "" },
		"a long name":    func(c *Config) { c.Member = strings.Repeat("a", 129) },
		"an umlaut":      func(c *Config) { c.Member = "ä" },
		"a short TTL":    func(c *Config) { c.TTL = time.Second },
		"half seconds":   func(c *Config) { c.TTL = 2500 * time.Millisecond },
		"a long TTL":     func(c *Config) { c.TTL = 2 * time.Hour },
		"no endpoint":    func(c *Config) { c.Info.Wire = "10.0.0.1:5" },
		"no key":         func(c *Config) { c.Info.ServerKey = "short" },
		"a host of what": func(c *Config) { c.Info.Host = "a b" },
	} {
		cfg := good
		change(&cfg)
		if _, err := Join(context.Background(), cfg); err == nil || errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if cfg, err := good.checked(); err != nil || cfg.TTL != 3*time.Second {
		t.Errorf("the defaults: %v, %v", cfg.TTL, err)
	}
}

// Names that are none are refused, or do nothing.
func TestNames(t *testing.T) {
	t.Parallel()
	e := etcdtest.Embedded(t)
	a := member(t, e, "a")
	for _, name := range []string{"", "a/b", "ü", strings.Repeat("x", 129)} {
		if _, err := a.Resolve(soon(t), name); err == nil {
			t.Errorf("resolved %q", name)
		}
		if _, err := a.Claim(name, nil); err == nil {
			t.Errorf("claimed %q", name)
		}
		a.Advertise(name, at(1))()
		a.Follow(name, func([]Entry) { t.Errorf("followed %q", name) })()
	}
	a.Advertise("orders", Record{Address: "nowhere"})()
	got, err := a.client.Get(soon(t), a.prefix+"name/", clientv3.WithPrefix())
	if err != nil || len(got.Kvs) != 0 {
		t.Errorf("there stands %v, %v", got, err)
	}
}
