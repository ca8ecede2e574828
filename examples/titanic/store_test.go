package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/examples/titanic/tsp"
)

// life is what a client knows of a request: what it was told, and what may or may not have happened since.
type life struct {
	id                 tsp.ID
	answered, closed   bool
	answering, closing bool
	acknowledged       bool
}

// live stores three requests, has two answered, and closes one of these and one that is pending, until the
// power fails.
func live(s *store, all *[3]life) (err error) {
	defer func() {
		if r := recover(); r != nil && r != errCut {
			panic(r)
		} else if r != nil {
			err = errCut
		}
	}()
	for i := range all {
		if all[i].id, err = s.save("echo", [][]byte{fmt.Append(nil, i)}); err != nil {
			return err
		}
		all[i].acknowledged = true
	}
	for i := range all[:2] {
		all[i].answering = true
		if err := s.answer(all[i].id, [][]byte{fmt.Append(nil, i), {}}); err != nil {
			return err
		}
		all[i].answered = true
	}
	for _, i := range []int{0, 2} {
		all[i].closing = true
		if err := s.close(all[i].id); err != nil {
			return err
		}
		all[i].closed = true
	}
	return nil
}

// check compares what a store says with what its client knows.
func (l *life) check(t *testing.T, s *store, i int) {
	t.Helper()
	status, body, err := s.reply(l.id)
	want := []tsp.Status{tsp.Pending}
	switch {
	case l.closed:
		want = []tsp.Status{tsp.Unknown}
	case l.closing && l.answered: // not PENDING: it would be carried out again
		want = []tsp.Status{tsp.Unknown, tsp.OK}
	case l.closing:
		want = []tsp.Status{tsp.Unknown, tsp.Pending}
	case l.answered:
		want = []tsp.Status{tsp.OK}
	case l.answering:
		want = []tsp.Status{tsp.Pending, tsp.OK}
	}
	if err != nil || !slices.Contains(want, status) || status == tsp.OK && (len(body) != 2 || string(body[0]) != fmt.Sprint(i)) {
		t.Errorf("request %d, %+v: status %d, %q, %v", i, l, status, body, err)
	}
	if service, request, err := s.request(l.id); (status == tsp.Pending) != !errors.Is(err, errUnknown) || status == tsp.Pending && (err != nil || service != "echo" || string(request[0]) != fmt.Sprint(i)) {
		t.Errorf("request %d: %q for %q, %v", i, request, service, err)
	}
}

// Whenever the power fails, and whatever the folder has kept, what was acknowledged is there, and what was
// closed is not; the same again when it fails while the store is opened.
func TestPowerCut(t *testing.T) {
	cuts := 0
	for _, kept := range []bool{false, true} {
		for left := 1; ; left++ { // the first is openStore's
			d := &lossy{now: map[string]*inode{}, durable: map[string]*inode{}, left: left}
			s, err := openStore(d)
			if err != nil {
				t.Fatal(err)
			}
			var all [3]life
			err = live(s, &all)
			if d = d.cut(kept); err == nil {
				break
			} else if !errors.Is(err, errCut) {
				t.Fatal(err)
			}
			cuts++
			for again := range 4 {
				d.left = again
				func() {
					defer func() { recover() }()
					openStore(d)
				}()
				d = d.cut(kept)
			}
			if s, err = openStore(d); err != nil {
				t.Fatalf("after %d steps, kept %v: %v", left, kept, err)
			}
			for i := range all {
				if all[i].acknowledged {
					all[i].check(t, s, i)
				}
			}
			for name := range d.now {
				id, request := idOf(name, requestFile)
				if _, reply := idOf(name, replyFile); !request && (!reply || s.all[id] == nil && strings.HasSuffix(name, newFile)) {
					t.Errorf("after %d steps, kept %v: %s is left", left, kept, name)
				}
			}
		}
	}
	if cuts < 40 {
		t.Errorf("the power has failed %d times", cuts)
	}
}

// There is room for so much, and for a request of so many bytes; what is closed makes room.
func TestBounds(t *testing.T) {
	s, err := openStore(&lossy{now: map[string]*inode{}, left: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.save("echo", [][]byte{make([]byte, maxRequest)}); !errors.Is(err, errFull) {
		t.Error(err)
	}
	for i := range maxStored {
		s.all[tsp.ID{byte(i), byte(i >> 8), 1}] = &entry{answered: true}
	}
	if _, err := s.save("echo", [][]byte{nil}); !errors.Is(err, errFull) {
		t.Error(err)
	}
	if err := s.close(tsp.ID{0, 0, 1}); err != nil {
		t.Error(err)
	}
	if _, err := s.save("echo", [][]byte{nil}); err != nil {
		t.Error(err)
	}
}
