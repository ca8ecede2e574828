// Package embedded runs an etcd server inside this process: for one machine alone, or as one of a Raft group of
// three or more, where nobody wants to run etcd beside the program.
//
// It is etcd itself, with what it needs to run unattended: its history is compacted, its disk bounded, its logs
// go to log/slog or nowhere, and it listens on the addresses it is given and on no other. The
// package is the only one of this module that links the server.
package embedded
