#!/bin/sh
# Makes sure that Sockeye can be built here, and installs what is missing.
#
#   scripts/setup.sh          what cgo needs: a C compiler, pkg-config and libzmq
#   scripts/setup.sh test     that, and what only tests need: a python3 with pyzmq, and if they can be had
#                             ipykernel for it, libczmq, etcd, prometheus, chromium, and zeromq.js, which npm puts
#                             beside its peer
#   scripts/setup.sh bench    that, and what bench/compare cannot do without: libczmq
#   scripts/setup.sh python   prints that python3 for SOCKEYE_PYTHON; installs nothing
#
# Silent when everything is there. Words go to stderr, so that stdout stays the caller's.
# Where CI is true, everything must be had.
# PKG_CONFIG, PKG_CONFIG_PATH and CC mean what they mean to cgo; SOCKEYE_PYTHON names a python3 of your own.
set -u

say() { echo "setup: $*" >&2; }

# die says what went wrong, then what to do about it, a line each.
die() {
	say "error: $1"
	shift
	for line in "$@"; do say "$line"; done
	exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

macos() { [ "$(uname -s)" = Darwin ]; }

# The compiler that cgo takes: CC, else clang on macOS and gcc elsewhere. A bare macOS
# has a clang that only offers to install the real one; xcode-select knows which it is.
compiler() {
	if [ -n "${CC:-}" ]; then
		has "${CC%% *}"
	elif macos; then
		xcode-select -p >/dev/null 2>&1
	else
		has gcc
	fi
}

pkgconfig() { has "${PKG_CONFIG:-pkg-config}"; }

# What cgo asks. --exists alone would say yes where a .pc file that libzmq's refers to is missing.
libzmq() { "${PKG_CONFIG:-pkg-config}" --cflags --libs libzmq >/dev/null 2>&1; }

# goczmq names libsodium, too.
czmq() { "${PKG_CONFIG:-pkg-config}" --cflags --libs libczmq libsodium >/dev/null 2>&1; }

imports_zmq() { "$1" -c 'import zmq' >/dev/null 2>&1 </dev/null; }

# pyzmq prints the first python3 that has it. The system's package belongs to
# the system's python3, which is not always the first on PATH.
pyzmq() {
	if [ -n "${SOCKEYE_PYTHON:-}" ]; then
		set -- "$SOCKEYE_PYTHON"
	else
		set -- /usr/bin/python3 python3
		has brew && set -- "$@" "$(brew --prefix)/bin/python3"
	fi
	for python in "$@"; do
		imports_zmq "$python" && echo "$python" && return
	done
	return 1
}

# ipykernel asks the python3 that has pyzmq, without the half second that an import takes.
ipykernel() {
	"$(pyzmq)" -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec("ipykernel"))' >/dev/null 2>&1 </dev/null
}

# The server: the cluster's tests start it themselves.
etcdserver() { has etcd; }

# Prometheus, too: it scrapes an example.
prometheusserver() { has prometheus; }

# A browser that the tests of the inspector's page can drive. SOCKEYE_CHROMIUM names one of your own.
browser() {
	for name in "${SOCKEYE_CHROMIUM:-}" chromium chromium-browser google-chrome-stable google-chrome \
		"/Applications/Chromium.app/Contents/MacOS/Chromium" "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
		[ -n "$name" ] && has "$name" && return
	done
	return 1
}

nodejs() { has node && has npm; }

# The peer on zeromq.js ends well if that is there in the version that its package.json names.
peer=${0%/*}/../internal/interop/testdata/node
zeromqjs() { node "$peer/peer.js" version >/dev/null 2>&1 </dev/null; }

# is asks for one thing, by the name that describe and package use too.
is() { "$1" >/dev/null; }

describe() {
	case $1 in
	compiler) echo "a C compiler" ;;
	pkgconfig) echo "pkg-config" ;;
	libzmq) echo "libzmq with its headers" ;;
	pyzmq) echo "a python3 with pyzmq" ;;
	czmq) echo "libczmq with its headers" ;;
	ipykernel) echo "ipykernel for that python3" ;;
	etcdserver) echo etcd ;;
	prometheusserver) echo Prometheus ;;
	browser) echo Chromium ;;
	nodejs) echo "node with npm" ;;
	zeromqjs) echo zeromq.js ;;
	esac
}

# package prints what a package manager ($1) calls a thing ($2).
package() {
	case $1:$2 in
	apt-get:compiler) echo "gcc libc6-dev" ;;
	apk:compiler) echo "gcc musl-dev" ;;
	*:compiler) echo gcc ;;
	apt-get:pkgconfig | brew:pkgconfig) echo pkg-config ;;
	dnf:pkgconfig) echo pkgconf-pkg-config ;;
	*:pkgconfig) echo pkgconf ;;
	apt-get:libzmq) echo libzmq3-dev ;;
	dnf:libzmq) echo zeromq-devel ;;
	apk:libzmq) echo zeromq-dev ;;
	*:libzmq) echo zeromq ;;
	apt-get:pyzmq | dnf:pyzmq) echo python3-zmq ;;
	apk:pyzmq) echo py3-pyzmq ;;
	pacman:pyzmq) echo python-pyzmq ;;
	*:pyzmq) echo pyzmq ;;
	apt-get:czmq) echo "libczmq-dev libsodium-dev" ;;
	dnf:czmq) echo "czmq-devel libsodium-devel" ;;
	apk:czmq) echo "czmq-dev libsodium-dev" ;;
	*:czmq) echo "czmq libsodium" ;;
	apt-get:ipykernel | dnf:ipykernel) echo python3-ipykernel ;;
	apk:ipykernel) echo py3-ipykernel ;;
	pacman:ipykernel) echo python-ipykernel ;;
	brew:ipykernel) ;; # Homebrew has none that its python3 can import
	apt-get:etcdserver) echo etcd-server ;;
	*:etcdserver) echo etcd ;;
	dnf:prometheusserver) echo golang-github-prometheus ;;
	*:prometheusserver) echo prometheus ;;
	*:browser) echo chromium ;;
	brew:nodejs) echo node ;;
	*:nodejs) echo "nodejs npm" ;;
	esac
}

# manager prints the system's package manager.
manager() {
	for found in apt-get dnf apk pacman brew; do
		has "$found" && echo "$found" && return
	done
	return 1
}

# run shows a command, then runs it as root: $sudo is how. Nothing may stop to ask.
run() {
	say "running: $sudo$*"
	${sudo}env DEBIAN_FRONTEND=noninteractive "$@" >&2 </dev/null
}

# install asks a package manager ($1) for packages ($2...).
install() {
	by=$1
	shift
	case $by in
	apt-get)
		set -- apt-get -y -q -o DPkg::Lock::Timeout=300 --no-install-recommends install "$@"
		# A dry run fails where apt-get has no lists yet; the real one fails where they are old.
		"$@" --dry-run >/dev/null 2>&1 </dev/null && run "$@" && return
		run apt-get -q update || say "not all lists could be fetched; trying with those that could."
		run "$@"
		;;
	dnf) run dnf install -y "$@" ;;
	apk) run apk add --no-cache "$@" ;;
	pacman)
		# Refresh only where pacman has no lists yet: with -Sy elsewhere half a system would be newer than the rest.
		sync=-S
		pacman -Si "$@" >/dev/null 2>&1 </dev/null || sync=-Sy
		run pacman $sync --needed --noconfirm "$@"
		;;
	brew) run brew install "$@" ;;
	esac
}

# hints prints what else is worth knowing when a package manager ($1) failed on a thing ($2...).
hints() {
	[ "$1" = dnf ] && say "RHEL and its rebuilds have these in EPEL: dnf install epel-release"
	[ "$1" = pacman ] && say "If its lists are old: pacman -Syu"
	case " $* " in *" pyzmq "* | *" ipykernel "*) say "Or make a python3 of your own import it and name it in SOCKEYE_PYTHON." ;; esac
}

# need makes sure of things ($@): it is silent when they are there, and ends the script when they cannot be had.
need() {
	missing= words=
	for thing in "$@"; do
		is "$thing" && continue
		missing="$missing $thing"
		words="$words${words:+, }$(describe "$thing")"
	done
	[ -z "$missing" ] && return
	say "missing: $words."

	by=$(manager) || by=
	names=
	for thing in $missing; do names="$names $(package "${by:-apt-get}" "$thing")"; done
	names=${names# }
	[ -n "${names# }" ] || {
		hints "$by" $missing
		die "$by has no package for that."
	}

	sudo=
	case $by in
	"") die "there is no apt-get, dnf, apk, pacman or brew here to install it with." \
		"Install it yourself. Debian calls it: $names" ;;
	brew)
		# Homebrew wants no root, and its gcc is not the compiler that cgo takes.
		compiler || die "there is no C compiler." "On macOS, install Apple's: xcode-select --install"
		;;
	*)
		if [ "$(id -u)" != 0 ]; then
			has sudo || die "installing $names takes root, and there is no sudo." \
				"Have it installed with $by: $names"
			sudo="sudo "
		fi
		;;
	esac

	say "installing $names with $by."
	install "$by" $names || {
		hints "$by" $missing
		die "$by could not install $names. Install it yourself, then try again."
	}
	for thing in $missing; do
		is "$thing" && continue
		hints "" $missing
		case $thing in
		compiler) say "cgo takes ${CC:-gcc}: CC can name another." ;;
		pkgconfig | libzmq | czmq) say "cgo takes ${PKG_CONFIG:-pkg-config}: PKG_CONFIG can name another, PKG_CONFIG_PATH where it looks." ;;
		esac
		die "$by has installed $names, yet $(describe "$thing") is still missing."
	done
}

# need_tests makes sure of what tests need.
need_tests() {
	need compiler pkgconfig libzmq
	[ -z "${SOCKEYE_PYTHON:-}" ] || is pyzmq ||
		die "SOCKEYE_PYTHON is $SOCKEYE_PYTHON, which cannot import zmq." \
			"Install pyzmq for it, or unset SOCKEYE_PYTHON to have the system's."
	need pyzmq
	may ipykernel
	may czmq
	may etcdserver
	may prometheusserver
	may browser
	if may nodejs; then may zeromqjs; fi
	return 0
}

# may is need for what only some tests want ($1): where it cannot be had the script goes on, unless
# this is CI.
may() {
	case $1 in
	ipykernel) (need_ipykernel) ;;
	etcdserver) (need_server etcdserver etcd) ;;
	prometheusserver) (need_server prometheusserver prometheus) ;;
	zeromqjs) (need_zeromqjs) ;;
	*) (need "$1") ;;
	esac && return
	[ "${CI:-}" != true ] || exit 1
	say "going on without $(describe "$1"): the tests that need it will be skipped."
	return 1
}

need_ipykernel() {
	[ -z "${SOCKEYE_PYTHON:-}" ] || is ipykernel ||
		die "SOCKEYE_PYTHON is $SOCKEYE_PYTHON, which has no ipykernel." "Install it for that, or unset SOCKEYE_PYTHON."
	need ipykernel
}

# need_server wants the program ($1) only: Debian's package starts a service ($2) with it, at the server's own port.
need_server() {
	is "$1" && return
	need "$1"
	[ "$by" = apt-get ] && has systemctl || return 0
	run systemctl disable --now "$2.service" || say "$2 may run as a service now; no test needs that."
}

# need_zeromqjs has npm install what package-lock.json says, and run no script of anybody's: the package
# brings what it needs, compiled.
need_zeromqjs() {
	is zeromqjs && return
	say "missing: zeromq.js." "running: npm ci in $peer"
	(cd "$peer" && exec npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1) >&2 </dev/null ||
		die "npm could not install zeromq.js."
	is zeromqjs || die "npm has installed zeromq.js, yet node cannot load it." "What it says: node $peer/peer.js version"
}

case ${1:-build} in
build) need compiler pkgconfig libzmq ;;
test) need_tests ;;
bench)
	need_tests
	need czmq
	;;
python) pyzmq || die "no python3 here has pyzmq." "Run scripts/setup.sh test to install it." ;;
*) die "unknown argument: $1" "usage: scripts/setup.sh [test|bench|python]" ;;
esac
