// Package outage cuts the network between the members of a cluster, their etcd and their clients, and stops
// processes, to see that a name never has two owners who serve.
//
// Every process lives in a network namespace of its own, with two links: one to the network that etcd is on, one to
// that of members and clients. A link is cut at the switch, so that nobody is told. One way it is cut by a wrong
// MAC address for the other side.
package outage
