// Package registry is a member's side of etcd: its lease, the records it advertises, the names it follows
// and those it claims. docs/cluster.md has the keys.
//
// # Who may own
//
// A claim is owned by the key with the lowest create revision under its name. No key can ever come before
// one that is first, so a claim that is first at some revision is first for as long as its key stands, and
// its key stands at least TTL after etcd has received a renewal of its lease. A member counts 2/3 TTL from
// when it sent that renewal, on a clock that goes on while the machine is suspended: its local deadline.
// [Claim.Holds] is false from there on, at least a third of the TTL before the next one can own.
//
// When a deadline has passed, the lease may still be there: it is renewed as it is, and before the deadline
// moves on again each owned key is read, because a leader that was paused may renew what others have taken
// away. Nobody is told of this. [Status] tells what is known: the lease or the key is gone.
//
// # By hand
//
// What somebody deletes in etcd while its member lives is watched by that member, and put again: records, the member's own, marks.
//
// The key of a claim is not: who deletes it hands over. What the next one sees is only that it is first now. So a claim owns
// when its mark stands, too: the one key owner/<name>, which is put in a transaction that requires the claim's key, and that no
// mark is there. An owner takes its mark back when it does not hold any more, and otherwise it goes with the lease, which is after
// the deadline. So however late an owner hears that its claim is gone, nobody owns before it has. At a handover the mark costs one
// write more than the queue alone would.
//
// Two may still hold, for one watch message, when somebody deletes the claim's key and the mark at once, before either is put again,
// or revokes the lease of a member that lives. etcd then says what it says of the dead, and only a wait of 2/3 TTL after every
// death would tell them apart.
//
// # A wiped disk
//
// When etcd has lost its disk its revisions begin again at 1, and the owners of before are still before their
// deadlines. So the first member in a history of etcd writes down that it is young, under a lease of two thirds of
// the TTL which nobody renews, and as long as it is, no claim owns. In that time the members of before notice, and
// raise the base that is added to every create revision: tokens grow past all that any living member has
// seen. Nobody is left who remembers: tokens begin again at 1. The members of a cluster have the same TTL.
//
// # Who does what
//
// Four goroutines belong to a Registry. The keeper renews the lease. The desk does all writing, one
// transaction at a time, each guarded by the revision of the member's own record: when one has failed and may
// have been applied after all, the desk rewrites that record first, and what was under way can no longer be
// applied. The watcher and its reader have one stream of watches to etcd for all names. Callbacks run
// on goroutines that end with them.
package registry
