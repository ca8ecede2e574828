// Package interop holds tests only: Sockeye's sockets against implementations of ZeroMQ that nobody
// here wrote, each in a process of its own, over tcp and ipc, with either side binding, and with PLAIN
// and CURVE. docs/interop.md shows what comes of it; make interop prints it.
//
// The peers are pyzmq (testdata/peer.py), zeromq.js (testdata/node) and go-zeromq (gopeer, a module of
// its own). All take the same jobs and check what they get as the tests here do. scripts/setup.sh
// installs what they run on. Where one is missing its tests are skipped; in CI, or where SOCKEYE_PYTHON
// names a useless Python, they fail.
package interop
