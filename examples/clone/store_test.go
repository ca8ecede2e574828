package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func at(ms int) time.Time { return time.Unix(1000, 0).Add(time.Duration(ms) * time.Millisecond) }

func kv(key, value string) update { return update{key: key, value: value} }

func show1(all []update) string {
	var text []string
	for _, u := range all {
		text = append(text, fmt.Sprintf("%s=%s#%d%s", u.key, u.value, u.sequence, strings.TrimSpace(u.props)))
	}
	return strings.Join(text, " ")
}

// A store, with times in milliseconds.
func TestStore(t *testing.T) {
	s := newStore(limit{keys: 3, bytes: 100})
	must := func(ms int, u update, want uint64) {
		t.Helper()
		if p, err := s.set(at(ms), u); err != nil || p.sequence != want {
			t.Errorf("%v: #%d, %v", u, p.sequence, err)
		}
	}
	must(0, kv("/a/1", "x"), 1)
	must(0, update{key: "/a/2", value: "y", props: "ttl=2\n"}, 2)
	must(0, update{key: "/b/1", value: "z", props: "ttl=1\n"}, 3)
	must(0, kv("/a/1", "xx"), 4)
	for _, wrong := range []struct {
		u   update
		why error
	}{{kv("/c", "1"), ErrFull}, {kv("/a/1", strings.Repeat("x", 100)), ErrFull}, {kv("HUGZ", "1"), ErrBadName}, {kv("KTHXBAI", "1"), ErrBadName}} {
		if _, err := s.set(at(0), wrong.u); !errors.Is(err, wrong.why) {
			t.Errorf("%v: %v", wrong.u, err)
		}
	}
	if _, err := s.set(at(0), update{key: "/a/1", value: "x", props: "ttl=x\n"}); err == nil {
		t.Error("a ttl of x")
	}
	if got, want := show1(s.snapshot(at(500), "/a/")), "/a/1=xx#4 /a/2=y#2ttl=2 KTHXBAI=/a/#4"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := show1(s.expire(at(999))); got != "" {
		t.Errorf("at 999: %s", got)
	}
	if got, want := show1(s.expire(at(1000))), "/b/1=#5"; got != want {
		t.Errorf("at 1000: %s", got)
	}
	must(1500, kv("/a/2", "for ever"), 6) // without a ttl now
	if got := show1(s.expire(at(9000))); got != "" {
		t.Errorf("at 9000: %s", got)
	}
	must(9000, kv("/a/1", ""), 7)
	must(9000, kv("/a/1", ""), 8) // there is no such key: published all the same
	if got, want := show1(s.snapshot(at(9000), "")), "/a/2=for ever#6 KTHXBAI=#8"; got != want || s.bytes != len("/a/2for ever") {
		t.Errorf("%s, want %s; %d bytes", got, want, s.bytes)
	}
}

// A replica of two servers, step by step: what comes, and the table then.
func TestReplica(t *testing.T) {
	r := newReplica("/s/", 2, 100*time.Millisecond, limit{keys: 3, bytes: 1000})
	n := func(key, value string, sequence uint64) update {
		return update{key: key, value: value, sequence: sequence}
	}
	r.begin(at(0))
	for i, step := range []struct {
		now  int
		kind string // sync, pub or tick
		from int
		u    update
		did  bool
		want string
	}{
		{10, "pub", 0, n("/s/a", "early", 7), false, "first 0:"},
		{10, "pub", 0, n("/s/b", "old", 5), false, "first 0:"},
		{10, "pub", 1, n("/s/c", "stranger", 9), false, "first 0:"},
		{20, "sync", 0, n("/s/a", "1", 3), false, "first 0:"},
		{20, "sync", 1, n("/s/z", "1", 3), false, "first 0:"},
		{20, "sync", 0, n("/s/b", "2", 4), false, "first 0:"},
		{30, "sync", 0, n(thanks, "/other/", 6), false, "first 0:"},
		{30, "sync", 0, n(thanks, "/s/", 6), true, "live 0: a=early b=2"}, // 5 was in it, 7 was not
		{40, "sync", 0, n("/s/a", "again", 9), false, "live 0: a=early b=2"},
		{40, "pub", 0, n("/s/a", "dup", 7), false, "live 0: a=early b=2"},
		{40, "pub", 0, n("/s/b", "", 8), true, "live 0: a=early"},
		{139, "tick", 0, update{}, false, "live 0: a=early"},
		{139, "pub", 0, n(hugz, "", 0), false, "live 0: a=early"},
		{238, "tick", 0, update{}, false, "live 0: a=early"},
		{239, "tick", 0, update{}, true, "first 1: a=early"}, // the old table stays until there is a new one
		{240, "pub", 0, n("/s/q", "late", 99), false, "first 1: a=early"},
		{250, "sync", 1, n("/s/d", "4", 2), false, "first 1: a=early"},
		{250, "sync", 1, n(thanks, "/s/", 2), true, "live 1: d=4"},
		{260, "pub", 1, n("/s/e", "5", 3), true, "live 1: d=4 e=5"},
		{260, "pub", 1, n("/s/f", "6", 4), true, "live 1: d=4 e=5 f=6"},
		{260, "pub", 1, n("/s/g", "7", 5), true, "live 1: d=4 e=5 f=6"}, // one too many
		{360, "tick", 0, update{}, true, "first 0: d=4 e=5 f=6"},
		{460, "tick", 0, update{}, true, "first 1: d=4 e=5 f=6"},
	} {
		var did bool
		switch step.kind {
		case "sync":
			did = r.sync(at(step.now), step.from, step.u)
		case "pub":
			did = r.published(at(step.now), step.from, step.u)
		case "tick":
			did = r.tick(at(step.now))
		}
		got := fmt.Sprintf("first %d:", r.at)
		if r.live {
			got = fmt.Sprintf("live %d:", r.at)
		}
		for _, u := range r.store.snapshot(at(0), "") {
			if u.key != thanks {
				got += " " + u.key[len("/s/"):] + "=" + u.value
			}
		}
		if did != step.did || got != step.want {
			t.Errorf("step %d: %v, %s; want %v, %s", i, did, got, step.did, step.want)
		}
	}
	if r.turns != 3 {
		t.Errorf("%d turns", r.turns)
	}
}

// A server that publishes and sends no snapshot, since it has not got the request, is asked again.
func TestAskedAgain(t *testing.T) {
	r := newReplica("", 1, 100*time.Millisecond, most)
	r.begin(at(0))
	r.published(at(90), 0, update{key: hugz})
	r.published(at(90), 0, update{key: "k", value: "v", sequence: 1})
	if !r.tick(at(100)) || r.tick(at(199)) {
		t.Error("it waits")
	}
}

// More updates before a snapshot than can be held: it asks again.
func TestHeld(t *testing.T) {
	r := newReplica("", 1, time.Hour, most)
	r.begin(at(0))
	for n := range maxHeld + 1 {
		r.published(at(1), 0, update{key: "k", value: "v", sequence: uint64(n)})
	}
	if !r.tick(at(1)) || len(r.held) != 0 {
		t.Errorf("it goes on with %d", len(r.held))
	}
}

func TestPending(t *testing.T) {
	var p pending
	u := func(n int) update { return update{key: fmt.Sprint(n), uuid: fmt.Sprintf("%016d", n)} }
	p.add(at(0), u(1))
	p.add(at(0), u(2))
	p.published(at(1), u(1))
	p.published(at(1), u(3)) // before it comes from the client
	p.add(at(2), u(3))
	p.add(at(2), u(3)) // the client has not heard of it
	p.add(at(2), u(4))
	p.add(at(2), u(5))
	p.add(at(2), u(5))
	p.published(at(2), u(5))
	p.add(at(2), kv("none", "")) // without a UUID nobody knows
	p.published(at(2), kv("none", ""))
	p.forget(at(0))
	if got, want := show1(p.take()), "2=#0 4=#0 none=#0"; got != want || len(p.all)+len(p.done)+len(p.open)+len(p.seen) != 0 {
		t.Errorf("%s, want %s", got, want)
	}
	for n := range maxPending + 5 {
		p.add(at(n), u(n))
	}
	for n := range maxPending + 5 {
		p.published(at(n), u(-n-1))
	}
	p.forget(at(10))
	if len(p.all) != maxPending-5 || p.all[0].u.key != "10" || len(p.open) != len(p.all) {
		t.Errorf("%d pending, the first %s, %d known", len(p.all), p.all[0].u.key, len(p.open))
	}
	if len(p.done) != maxPending-5 || len(p.seen) != len(p.done) {
		t.Errorf("%d published, %d known", len(p.done), len(p.seen))
	}
}
