// Package interop holds tests only: Sockeye's sockets against those of Debian's python3-zmq, in a
// process of its own, over tcp and ipc, with either side binding.
//
// Python is SOCKEYE_PYTHON, or else the first of /usr/bin/python3 and python3 that can import zmq.
// Without one the tests are skipped; in CI, or where SOCKEYE_PYTHON names a useless one, they fail.
package interop
