package main

import (
	"context"
	"fmt"
	"time"
)

// records puts records as members do, some members at once, and looks at what the server needs for them.
func records(ctx context.Context, s *scene) error {
	return s.fill(ctx, s.plan.records, "record", func(i int, member string) item {
		return item{recordKey(i, member), recordValue(member, int64(1_000_000+i))}
	})
}

// claims puts candidates' places in queues, three for each name.
func claims(ctx context.Context, s *scene) error {
	return s.fill(ctx, []int{s.plan.claims}, "claim", func(i int, member string) item {
		return item{claimKey(i/3, member+fmt.Sprint("-", i%3)), ""}
	})
}

// fill puts keys until there are as many as each step says.
func (s *scene) fill(ctx context.Context, steps []int, what string, key func(i int, member string) item) error {
	desks, err := s.join(ctx, "member-", s.desks, 0)
	if err != nil {
		return err
	}
	first, err := s.settled(ctx)
	if err != nil {
		return err
	}
	done := 0
	for _, n := range steps {
		before, sent, began := first, s.wire.total(), time.Now()
		if before, err = s.etcd.usage(ctx, desks[0].client); err != nil {
			return err
		}
		err := each(ctx, len(desks), len(desks), func(ctx context.Context, d int) error {
			var items []item
			for i := done + d; i < n; i += len(desks) {
				items = append(items, key(i, desks[d].name))
			}
			_, err := desks[d].put(ctx, desks[d].lease, items)
			return err
		})
		if err != nil {
			return err
		}
		took, bytes := time.Since(began), s.wire.total()-sent
		after, err := s.settled(ctx)
		if err != nil {
			return err
		}
		load, added := fmt.Sprintf("%d %ss", n, what), float64(n-done)
		s.rep.add(load, "put rate", added/took.Seconds(), what+"s/s")
		s.rep.add(load, "time for each", ms(took)/added, "ms")
		s.rep.add(load, "etcd CPU for each", (after.cpu-before.cpu)/added*1e6, "us")
		s.rep.add(load, "resident memory for each", float64(after.resident-first.resident)/float64(n), "bytes")
		s.rep.add(load, "database for each", float64(after.database-first.database)/float64(n), "bytes")
		s.rep.add(load, "resident memory in all", float64(after.resident)/(1<<20), "MiB")
		s.rep.add(load, "bytes on the wire for each", float64(bytes)/added, "bytes")
		done = n
	}
	return nil
}

// settled is what the server uses when it has committed what it was sent, which it does every 100 ms.
func (s *scene) settled(ctx context.Context) (usage, error) {
	sleep(ctx, 300*time.Millisecond)
	return s.etcd.usage(ctx, s.anyone().client)
}

func (s *scene) anyone() *member {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.members[0]
}
