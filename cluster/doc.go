// Package cluster makes sockets outlive a machine: names instead of addresses, in the endpoints
// "cluster://orders" of every socket; one owner for a name among many candidates ([Cluster.Own]); all kept in an
// etcd, which may run inside the process (package cluster/embedded).
//
// docs/cluster.md says what is promised when something breaks, and what is not.
package cluster
