package registry

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// The quick clock never runs behind the true one, but for the jitter it allows itself.
func TestNow(t *testing.T) {
	now()
	var all sync.WaitGroup
	for range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 20000 {
				before := boottime()
				at := now()
				if at < before-2*jitter {
					t.Errorf("%v behind", time.Duration(before-at))
					return
				}
			}
		}()
	}
	all.Wait()
}

// A suspension of an hour moves the wall clock beside the monotonic one; the next reading knows.
func TestNowSuspended(t *testing.T) {
	now()
	c := *calibrated.Load()
	const hour = int64(time.Hour)
	calibrated.Store(&calibration{wall: c.wall - hour, boot: c.boot - hour}) // as calibrated before it
	if off := time.Duration(boottime() - now()); off > time.Second || off < -time.Second {
		t.Errorf("off by %v", off)
	}
}

func TestHoldsAllocates(t *testing.T) {
	c := &Claim{}
	l := &lease{}
	c.held.Store(&holding{l, 1})
	l.deadline.Store(now() + int64(time.Hour))
	if n := testing.AllocsPerRun(1000, func() {
		if !c.Holds() {
			t.Fatal("it does not hold")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkHolds(b *testing.B) {
	c := &Claim{}
	l := &lease{}
	c.held.Store(&holding{l, 1})
	l.deadline.Store(now() + int64(time.Hour))
	for b.Loop() {
		if !c.Holds() {
			b.Fatal("it does not hold")
		}
	}
}

// What is left of a lease, in whole seconds, says whether it was renewed. Times are in tenths of a second.
func TestSight(t *testing.T) {
	type look struct {
		at   int64
		term uint64
		left int64
	}
	const alive = true
	for name, c := range map[string]struct {
		looks []look
		want  bool
	}{
		"one look":                 {[]look{{0, 1, 2}}, !alive},
		"nobody renews":            {[]look{{0, 1, 2}, {5, 1, 2}, {9, 1, 2}, {10, 1, 1}, {19, 1, 1}, {20, 1, 0}, {35, 1, 0}}, !alive},
		"always two seconds left":  {[]look{{0, 1, 2}, {5, 1, 2}, {11, 1, 2}}, alive},
		"it was renewed, at once":  {[]look{{0, 1, 0}, {2, 1, 2}}, alive},
		"expired, not yet revoked": {[]look{{0, 1, 0}, {20, 1, 0}}, !alive},
		"a new leader":             {[]look{{0, 1, 0}, {2, 2, 3}, {5, 2, 3}}, !alive},
		"a new leader, renewed":    {[]look{{0, 1, 0}, {2, 2, 3}, {15, 2, 3}}, alive},
	} {
		var s sight
		got := false
		for _, l := range c.looks {
			at := l.at * int64(100*time.Millisecond)
			got = s.saw(at, at+int64(time.Millisecond), l.term, l.left)
		}
		if got != c.want {
			t.Errorf("%s: alive %v", name, got)
		}
	}
}

// What a stream of another history still says of a topic does not count: the topic is to be read again.
func TestOutdated(t *testing.T) {
	r, orders := &Registry{}, &topic{watch: 1}
	quiet := &pb.WatchResponse{Header: &pb.ResponseHeader{Revision: 7}, WatchId: 1}
	r.watcher.outdated = true
	if r.event(orders, quiet); orders.rev != 0 {
		t.Errorf("revision %d", orders.rev)
	}
	r.watcher.outdated = false
	if r.event(orders, quiet); orders.rev != 7 {
		t.Errorf("revision %d", orders.rev)
	}
}

func TestPause(t *testing.T) {
	var p pause
	for i, want := range []time.Duration{100, 200, 400, 800, 1000, 1000} {
		if d := p.next(); d < want*time.Millisecond*9/10 || d > want*time.Millisecond*11/10 {
			t.Errorf("pause %d is %v", i, d)
		}
	}
}

// Whatever stands in etcd is a record, or an error; and what is a record can be written again.
func FuzzEntry(f *testing.F) {
	f.Add("a-1", []byte(`{"address":"tcp://10.0.0.1:5555","member":"a","key":"`+strings.Repeat("k", 40)+`","token":7}`))
	f.Add("a-b-12", []byte(`{"address":"tcp://[::1]:1","member":"a-b"}`))
	f.Add("a-1", []byte(`{"address":"x","member":"a"}`))
	f.Add("a-", []byte(`[]`))
	f.Add("-1", []byte(`{"token":-1}`))
	f.Add("", []byte(nil))
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		const prefix = "/sockeye/shop/name/orders/"
		at := kv{key: prefix + key, value: value, lease: 1, create: 2, mod: 3}
		e, err := decodeEntry(at, prefix)
		if err != nil {
			return
		}
		if e.Token <= 0 || CheckName(e.Member) != nil || e.check() != nil || e.Key != at.key {
			t.Fatalf("%q under %q is %+v", value, key, e)
		}
		at.value = encode(e.Record)
		if again, err := decodeEntry(at, prefix); err != nil || again != e {
			t.Fatalf("%+v comes back as %+v, %v", e, again, err)
		}
	})
}

// The same of members and of the base.
func FuzzMember(f *testing.F) {
	f.Add("a", []byte(`{"host":"10.0.0.1","wire":"tcp://10.0.0.1:1","key":""}`))
	f.Add("a/b", []byte(`{}`))
	f.Add("a", []byte(`{"history":"x","base":1048576}`))
	f.Add("a", []byte(`{"history":"x","base":-1}`))
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		const prefix = "/sockeye/shop/member/"
		m, err := decodeMember(kv{key: prefix + key, value: value, lease: 1, create: 2}, prefix)
		if err == nil && (CheckName(m.Name) != nil || m.check() != nil) {
			t.Fatalf("%q under %q is %+v", value, key, m)
		}
		var b base
		if err := decodeBase(value, &b); err == nil && (b.Base < 0 || b.History == "" || !json.Valid(value)) {
			t.Fatalf("%q is %+v", value, b)
		}
	})
}
