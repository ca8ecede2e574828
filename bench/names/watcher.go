package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// watcher is a member with its one stream of watches.
type watcher struct {
	member *member
	from   int64 // the revision from which on it watches
	names  []int // what it follows
	fresh  int   // how many of them were watched at least once

	stream atomic.Pointer[stream] // nil while it hangs up
	mu     sync.Mutex
	lost   []int64        // guarded by mu: watches that asked for what is compacted, to be made once more
	seen   map[int64]bool // guarded by mu: all of them
}

func (w *watcher) made() int {
	if s := w.stream.Load(); s != nil {
		return int(s.created.Load())
	}
	return 0
}

func (w *watcher) open(ctx context.Context, above int64) error {
	s, err := w.member.watchStream(context.WithoutCancel(ctx), nil, w.compacted, above)
	if err == nil {
		w.stream.Store(s)
	}
	return err
}

func (w *watcher) hangUp() {
	if s := w.stream.Swap(nil); s != nil {
		s.close()
	}
}

// compacted is called on the stream's goroutine. etcd 3.4 says it again and again of a watch, where more than 512
// lag behind.
func (w *watcher) compacted(id int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id > 0 && !w.seen[id] {
		w.seen[id] = true
		w.lost = append(w.lost, id)
	}
}

// follow watches the names that are new: it reads some at once, and then watches them.
func (w *watcher) follow(ctx context.Context) error {
	if w.stream.Load() == nil {
		if err := w.open(ctx, 0); err != nil {
			return err
		}
	}
	for w.fresh < len(w.names) {
		part := w.names[w.fresh:min(w.fresh+batch, len(w.names))]
		from, err := w.read(ctx, part)
		if err != nil {
			return err
		}
		for i, name := range part {
			if err := w.stream.Load().watch(int64(w.fresh+i+1), recordsOf(name), from); err != nil {
				return err
			}
		}
		w.fresh += len(part)
	}
	return nil
}

// read reads names at one revision, and returns the next.
func (w *watcher) read(ctx context.Context, names []int) (from int64, err error) {
	var gets []clientv3.Op
	for _, name := range names {
		gets = append(gets, clientv3.OpGet(recordsOf(name), clientv3.WithPrefix()))
	}
	got, err := w.member.client.Txn(ctx).Then(gets...).Commit()
	if err != nil {
		return 0, err
	}
	return got.Header.Revision + 1, nil
}

// again makes all watches again, until all stand or ctx ends: on another stream, should one break.
func (w *watcher) again(ctx context.Context, how way, members int) error {
	for ctx.Err() == nil {
		if err := w.tryAgain(ctx, how, members); err != nil {
			w.hangUp()
			w.member.reconnect()
			sleep(ctx, rand.N(100*time.Millisecond))
			continue
		}
		return nil
	}
	return nil
}

func (w *watcher) tryAgain(ctx context.Context, how way, members int) error {
	w.mu.Lock()
	w.lost, w.seen = nil, map[int64]bool{}
	w.mu.Unlock()
	above := int64(0)
	if how.history == compacted {
		above = once // none stands before it was made once more
	}
	if err := w.open(ctx, above); err != nil {
		return err
	}
	s := w.stream.Load()
	try, cancel := context.WithTimeout(ctx, 2*time.Second)
	_, err := w.member.client.Get(try, prefix+"base", clientv3.WithPrefix())
	cancel()
	if err != nil {
		return err
	}
	first, gap := how.when(len(w.names), members)
	next := time.Now().Add(first)
	for i, at := range rand.Perm(len(w.names)) {
		if i == 0 || gap > 0 {
			if !sleep(ctx, time.Until(next)) {
				return ctx.Err()
			}
			next = time.Now().Add(gap)
		}
		if err := s.watch(int64(at+1), recordsOf(w.names[at]), w.from); err != nil {
			return err
		}
		if err := w.replace(ctx, s); err != nil {
			return err
		}
	}
	return w.wait(ctx, s)
}

// wait waits until all watches stand.
func (w *watcher) wait(ctx context.Context, s *stream) error {
	for int(s.created.Load()) < len(w.names) {
		select {
		case <-s.ended:
			return fmt.Errorf("the stream has ended")
		default:
		}
		if err := w.replace(ctx, s); err != nil {
			return err
		}
		if !sleep(ctx, 5*time.Millisecond) {
			return ctx.Err()
		}
	}
	return nil
}

// replace reads what was compacted, and watches it from there.
func (w *watcher) replace(ctx context.Context, s *stream) error {
	w.mu.Lock()
	lost := w.lost[:min(batch, len(w.lost))]
	w.lost = w.lost[len(lost):]
	w.mu.Unlock()
	if len(lost) == 0 {
		return nil
	}
	names := make([]int, len(lost))
	for i, id := range lost {
		names[i] = w.names[(id-1)%once]
	}
	from, err := w.read(ctx, names)
	if err != nil {
		return err
	}
	for i, id := range lost {
		if err := s.watch(id+once, recordsOf(names[i]), from); err != nil {
			return err
		}
	}
	return nil
}

// once is added to the number of a watch that is made once more on the same stream.
const once = 1 << 32

// age has other names change after the watches were told something, and etcd forget that.
func (f *following) age(ctx context.Context, how history) error {
	m := f.all[0].member
	at, err := m.client.Get(ctx, "now")
	if err != nil {
		return err
	}
	for _, w := range f.all {
		w.from = at.Header.Revision + 1
	}
	if how == nothing {
		return nil
	}
	rev := atomic.Int64{}
	err = each(ctx, f.changes, 32, func(ctx context.Context, i int) error {
		got, err := m.client.Put(ctx, recordKey(1<<20, m.name), recordValue(m.name, int64(i+1)))
		if err == nil {
			rev.Store(got.Header.Revision)
		}
		return err
	})
	if err != nil || how == changes {
		return err
	}
	_, err = m.client.Compact(ctx, rev.Load())
	return err
}
