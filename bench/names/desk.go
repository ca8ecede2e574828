package main

import (
	"context"
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// batch is how many keys a member writes in one transaction.
const batch = 32

// item is one key to be written.
type item struct{ at, value string }

// put puts keys under a lease: one transaction at a time, each guarded by the member's record, each key only if it
// does not stand. It returns the create revisions.
func (m *member) put(ctx context.Context, lease clientv3.LeaseID, items []item) ([]int64, error) {
	revs := make([]int64, 0, len(items))
	for len(items) > 0 {
		part := items[:min(batch, len(items))]
		items = items[len(part):]
		ops := make([]clientv3.Op, len(part))
		for i, it := range part {
			ops[i] = clientv3.OpTxn([]clientv3.Cmp{clientv3.Compare(clientv3.CreateRevision(it.at), "=", 0)},
				[]clientv3.Op{clientv3.OpPut(it.at, it.value, clientv3.WithLease(lease))}, []clientv3.Op{clientv3.OpGet(it.at)})
		}
		got, err := m.write(ctx, ops)
		if err != nil {
			return nil, err
		}
		for i, r := range got.Responses {
			if !r.GetResponseTxn().Succeeded {
				return nil, fmt.Errorf("put %s: it stands", part[i].at)
			}
			revs = append(revs, got.Header.Revision)
		}
	}
	return revs, nil
}

// write is one transaction, guarded by the member's record.
func (m *member) write(ctx context.Context, ops []clientv3.Op) (*pb.TxnResponse, error) {
	own := clientv3.Compare(clientv3.ModRevision(prefix+"member/"+m.name), "=", m.fence)
	got, err := m.client.Txn(ctx).If(own).Then(ops...).Commit()
	if err != nil {
		return nil, err
	}
	if !got.Succeeded {
		return nil, fmt.Errorf("%s: the member's record is another one", m.name)
	}
	return (*pb.TxnResponse)(got), nil
}

// askFirst is the question which key is the first of a claim's, if the claim still stands.
func askFirst(name int, at string, rev int64) clientv3.Op {
	same := clientv3.Compare(clientv3.CreateRevision(at), "=", rev)
	return clientv3.OpTxn([]clientv3.Cmp{same}, []clientv3.Op{
		clientv3.OpGet(claimsOf(name), append(clientv3.WithFirstCreate(), clientv3.WithKeysOnly())...),
		clientv3.OpGet(prefix+"base", clientv3.WithPrefix()),
	}, nil)
}

// announce puts an owner's record while its claim stands with its revision.
func announce(m *member, name int, rev int64) clientv3.Op {
	at, claim := recordKey(name, m.name), claimKey(name, m.name)
	return clientv3.OpTxn([]clientv3.Cmp{
		clientv3.Compare(clientv3.CreateRevision(at), "=", 0),
		clientv3.Compare(clientv3.CreateRevision(claim), "=", rev),
	}, []clientv3.Op{clientv3.OpPut(at, recordValue(m.name, rev), clientv3.WithLease(m.lease))},
		[]clientv3.Op{clientv3.OpGet(at), clientv3.OpGet(claim, clientv3.WithKeysOnly())})
}

// claimsOf is the prefix of who claims a name, and recordsOf of what stands under it.
func claimsOf(name int) string  { return fmt.Sprintf("%sclaim/n%06d/", prefix, name) }
func recordsOf(name int) string { return fmt.Sprintf("%sname/n%06d/", prefix, name) }
