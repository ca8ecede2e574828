package registry

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// plan is a key and how it was when the transaction was made.
type plan struct {
	key *key
	was key
}

// operation is what is to be done for a key.
func (r *Registry) operation(l *lease, k *key) clientv3.Op {
	ours := clientv3.Compare(clientv3.LeaseValue(k.at), "=", int64(l.id))
	if !k.want {
		return clientv3.OpTxn([]clientv3.Cmp{ours}, []clientv3.Op{clientv3.OpDelete(k.at)}, nil)
	}
	if k.ask {
		same := clientv3.Compare(clientv3.CreateRevision(k.at), "=", k.rev)
		return clientv3.OpTxn([]clientv3.Cmp{same}, []clientv3.Op{
			clientv3.OpGet(k.path, append(clientv3.WithFirstCreate(), clientv3.WithKeysOnly())...),
			clientv3.OpGet(r.prefix+"base", clientv3.WithPrefix()),
		}, nil)
	}
	state := clientv3.Compare(clientv3.CreateRevision(k.at), "=", 0)
	if k.stale {
		state = ours
	}
	cmp, otherwise := []clientv3.Cmp{state}, []clientv3.Op{clientv3.OpGet(k.at)}
	then := []clientv3.Op{clientv3.OpPut(k.at, string(k.value), clientv3.WithLease(l.id))}
	if k.under != nil {
		cmp = append(cmp, clientv3.Compare(clientv3.CreateRevision(k.under.at), "=", k.under.rev))
		otherwise = append(otherwise, clientv3.OpGet(k.under.at, clientv3.WithKeysOnly()))
	}
	if k.only {
		base := clientv3.OpGet(r.prefix+"base", clientv3.WithPrefix())
		then, otherwise = append(then, base), append(otherwise, base)
	}
	return clientv3.OpTxn(cmp, then, otherwise)
}

// result does what a transaction says of a key. Guarded by mu.
func (r *Registry) result(l *lease, p *plan, got *pb.TxnResponse, rev int64) {
	k := p.key
	switch {
	case k.want != p.was.want || string(k.value) != string(p.was.value):
		// It was changed meanwhile, and is in the queue for that; what it was put as is still known.
		if p.was.want && !p.was.ask && got.Succeeded && k.rev == 0 {
			k.rev = rev
		}
		k.stale = k.want && k.rev != 0
	case !k.want:
		k.rev = 0
		r.desk.finish(k, outcome{gone: true})
	case p.was.ask:
		if k.ask && k.rev == p.was.rev {
			k.ask = false
			r.desk.finish(k, r.answer(got))
		}
	case got.Succeeded:
		if k.rev == 0 {
			k.rev = rev
		}
		k.stale = false
		r.stands(k, kv{k.at, k.value, int64(l.id), k.rev, rev}, got, rev)
	default:
		r.refused(l, k, p.was, got, rev)
	}
}

// stands is what comes of a key that stands as at, as of rev. Guarded by mu.
func (r *Registry) stands(k *key, at kv, got *pb.TxnResponse, rev int64) {
	k.blocked = 0
	r.mind(k, at, rev)
	var o outcome
	if k.only {
		o.base, o.young = r.readBase(got.Responses[len(got.Responses)-1].GetResponseRange().Kvs)
	}
	r.desk.finish(k, o)
}

// answer is the outcome of the question whether a key is first.
func (r *Registry) answer(got *pb.TxnResponse) (o outcome) {
	if !got.Succeeded {
		return outcome{gone: true}
	}
	if first := got.Responses[0].GetResponseRange().Kvs; len(first) > 0 {
		o.first = found(first[0])
	}
	o.base, o.young = r.readBase(got.Responses[1].GetResponseRange().Kvs)
	return o
}

// refused finds out why a key could not be put: it stands, a stranger has it, or its claim is gone.
// Guarded by mu.
func (r *Registry) refused(l *lease, k *key, was key, got *pb.TxnResponse, rev int64) {
	if k.under != nil {
		if at := got.Responses[1].GetResponseRange().Kvs; len(at) == 0 || at[0].CreateRevision != was.under.rev {
			r.desk.finish(k, outcome{gone: true})
			return
		}
	}
	at := got.Responses[0].GetResponseRange().Kvs
	switch {
	case len(at) == 0: // it was to be changed, and is gone
		k.rev, k.stale = 0, false
	case at[0].Lease == int64(l.id): // a transaction of which nobody knew was applied
		k.rev, k.stale = at[0].CreateRevision, string(at[0].Value) != string(k.value)
		if !k.stale {
			r.stands(k, found(at[0]), got, rev)
			return
		}
	case k.only:
		k.rev, k.stale, k.blocked = 0, false, at[0].ModRevision
		r.mind(k, found(at[0]), rev)
		r.desk.finish(k, outcome{taken: true})
		return
	default:
		r.unmind(k)
		k.at, k.rev, k.stale = r.nextKey(k.path), 0, false
	}
	r.desk.put(k)
}
