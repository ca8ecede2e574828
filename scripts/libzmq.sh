#!/bin/sh
# Runs what depends on libzmq against another one than the system's: one that you have installed under a prefix of
# its own, with its headers. docs/versions.md has what came of it.
#
#   scripts/libzmq.sh PREFIX [flag of go test]...
#
# PREFIX is what its ./configure --prefix or cmake -DCMAKE_INSTALL_PREFIX was given. It wants CURVE, with libsodium or
# without, or tests fail. Go's cache of what was compiled does not know of pkg-config's answers, nor of the headers:
# that another zmq.h is meant it sees by cgo's flags, which name the prefix. So take one prefix for each version.
#
# The peers in other processes (pyzmq) keep the libzmq that they have.
set -eu

die() {
	echo "libzmq: $*" >&2
	exit 1
}

[ $# -gt 0 ] || die "usage: scripts/libzmq.sh PREFIX [flag of go test]..."
prefix=$(cd "$1" && pwd) || exit 1
shift
cd "$(dirname "$0")/.."

pc=$(find "$prefix" -name libzmq.pc | head -n 1)
[ -n "$pc" ] || die "no libzmq.pc under $prefix: is libzmq installed there?"
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
ask() { "${PKG_CONFIG:-pkg-config}" "$@" libzmq; }

# For TestVersions: what is built, and what runs, must be this one. CGO_LDFLAGS says where it is at run time.
SOCKEYE_LIBZMQ=$(ask --modversion)
CGO_CFLAGS="-O2 -g -I$(ask --variable=includedir)"
CGO_LDFLAGS="-L$(ask --variable=libdir) -Wl,-rpath,$(ask --variable=libdir)"
SOCKEYE_PYTHON=$(scripts/setup.sh python) || exit 1
export SOCKEYE_LIBZMQ CGO_CFLAGS CGO_LDFLAGS SOCKEYE_PYTHON CGO_ENABLED=1
echo "libzmq: $SOCKEYE_LIBZMQ in $prefix"

packages="./actors/... ./internal/conformance ./examples/hello"
go vet $packages
exec go test -count=1 -p 1 -timeout 15m "$@" $packages
