// Package chaos kills sockets, threads, peers and receivers at random, from a seed, and looks what is
// lost. It has nothing but tests. Each runs for a moment with `make test`, and for as long as it is
// told with `make soak`.
package chaos
