package main

import (
	"context"
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// desk writes what a rival has to write, as much at once as there is. It is a goroutine.
func (e *election) desk(ctx context.Context, rival int) error {
	m, in := e.rivals[rival], e.desks[rival]
	for {
		var jobs []job
		select {
		case <-ctx.Done():
			return nil
		case j := <-in:
			jobs = append(jobs, j)
		}
		for more := true; more && len(jobs) < batch; {
			select {
			case j := <-in:
				jobs = append(jobs, j)
			default:
				more = false
			}
		}
		var ops []clientv3.Op
		for _, j := range jobs {
			if name := e.base + j.name; j.announce {
				ops = append(ops, announce(m, name, j.rev))
			} else {
				ops = append(ops, askFirst(name, claimKey(name, m.name), j.rev))
			}
		}
		got, err := m.write(ctx, ops)
		if err != nil {
			return err
		}
		e.transactions.Add(1)
		for i, j := range jobs {
			if err := e.done(rival, j, got.Responses[i].GetResponseTxn()); err != nil {
				return err
			}
		}
	}
}

// done does what etcd says of one job.
func (e *election) done(rival int, j job, got *pb.TxnResponse) error {
	if !got.Succeeded {
		return fmt.Errorf("name %d: the claim of %s is gone", j.name, e.rivals[rival].name)
	}
	if j.announce {
		if e.put.Add(1) == int64(e.contested) {
			close(e.all)
		}
		return nil
	}
	if first := got.Responses[0].GetResponseRange().Kvs; len(first) != 1 || first[0].CreateRevision != j.rev {
		return fmt.Errorf("name %d: %s is not the first", j.name, e.rivals[rival].name)
	}
	if e.asked.Add(1) == int64(e.contested) {
		close(e.known)
	}
	e.desks[rival] <- job{name: j.name, rev: j.rev, announce: true}
	return nil
}
