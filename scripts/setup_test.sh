#!/bin/sh
# Tests setup.sh against package managers that only write down what they were asked.
# Each case runs in a box: a directory that is its whole PATH.
set -eu
cd "$(dirname "$0")"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

# stub writes a command ($1) into the box; its body comes on stdin.
stub() {
	{ echo '#!/bin/sh' && cat; } >"$box/bin/$1"
	chmod +x "$box/bin/$1"
}

# new starts a box: whose ($1, a user id), on what ($2, as uname says), and what is there ($3...):
# commands; libzmq, pyzmq, czmq, ipykernel and zeromqjs; and how the package manager is: lists (it has them),
# broken (it fails), useless (it succeeds and installs nothing).
new() {
	box=$tmp/box own= ci= silent=yes
	rm -rf "$box"
	mkdir -p "$box/bin" "$box/has" "$box/scripts" "$box/internal/interop/testdata/node"
	: >"$box/log"
	for real in env touch chmod; do ln -s "$(command -v $real)" "$box/bin/$real"; done
	echo "echo $1" | stub id
	echo "echo $2" | stub uname
	# The system's python3 and, first on PATH, one that never has pyzmq.
	echo 'case $* in *ipykernel*) [ -e "$BOX/has/ipykernel" ] ;; *) [ -e "$BOX/has/pyzmq" ] ;; esac' | stub system-python3
	echo 'exit 1' | stub python3
	sed "s|/usr/bin/python3|$box/bin/system-python3|" setup.sh >"$box/scripts/setup.sh"
	shift 2
	for thing in "$@"; do
		case $thing in
		libzmq | pyzmq | czmq | ipykernel | zeromqjs | lists | broken | useless | offline) touch "$box/has/$thing" ;;
		node) echo '[ -e "$BOX/has/zeromqjs" ]' | stub node ;;
		npm) npm ;;
		gcc | xcode-select | etcd | prometheus | chromium) echo 'exit 0' | stub "$thing" ;;
		pkg-config) pkgconfig ;;
		systemctl) echo 'echo "${SUDO:-}systemctl $*" >>"$BOX/log"' | stub systemctl ;;
		sudo) echo 'SUDO="sudo " exec "$@"' | stub sudo ;;
		*) manager "$thing" ;;
		esac
	done
}

# pkgconfig stubs pkg-config.
pkgconfig() {
	stub pkg-config <<'END'
case $* in
*libczmq*) [ -e "$BOX/has/czmq" ] ;;
*) [ -e "$BOX/has/libzmq" ] ;;
esac
END
}

# npm stubs npm, which is asked to install in one place only.
npm() {
	stub npm <<'END'
echo "${SUDO:-}npm $*" >>"$BOX/log"
case $PWD in */internal/interop/testdata/node) ;; *) exit 1 ;; esac
[ ! -e "$BOX/has/offline" ] || exit 1
touch "$BOX/has/zeromqjs"
END
}

# manager stubs a package manager ($1): it writes a line into the log, and what it installs is there afterwards.
manager() {
	stub "$1" <<'END'
name=${0##*/}
case "$name $*" in
*--dry-run* | "pacman -Si "*) [ -e "$BOX/has/lists" ]; exit ;;
"brew --prefix") echo "$BOX/brew"; exit ;;
esac
echo "${SUDO:-}$name $*" >>"$BOX/log"
echo "Reading package lists..."
[ ! -e "$BOX/has/broken" ] || exit 100
case "$name $*" in
*" update" | "pacman -Sy "*) touch "$BOX/has/lists" ;;
esac
case $name in
apt-get | pacman) [ -e "$BOX/has/lists" ] || exit 100 ;;
esac
[ ! -e "$BOX/has/useless" ] || exit 0
for package in "$@"; do
	case $package in
	gcc) echo '#!/bin/sh' >"$BOX/bin/gcc" && chmod +x "$BOX/bin/gcc" ;;
	pkg-config | pkgconf | pkgconf-pkg-config)
		{ echo '#!/bin/sh' && echo '[ -e "$BOX/has/libzmq" ]'; } >"$BOX/bin/pkg-config"
		chmod +x "$BOX/bin/pkg-config"
		;;
	libzmq3-dev | zeromq-devel | zeromq-dev | zeromq) touch "$BOX/has/libzmq" ;;
	python3-zmq | py3-pyzmq | python-pyzmq | pyzmq) touch "$BOX/has/pyzmq" ;;
	libczmq-dev | czmq-devel | czmq-dev | czmq) touch "$BOX/has/czmq" ;;
	etcd | etcd-server) echo '#!/bin/sh' >"$BOX/bin/etcd" && chmod +x "$BOX/bin/etcd" ;;
	prometheus | golang-github-prometheus) echo '#!/bin/sh' >"$BOX/bin/prometheus" && chmod +x "$BOX/bin/prometheus" ;;
	chromium) echo '#!/bin/sh' >"$BOX/bin/chromium" && chmod +x "$BOX/bin/chromium" ;;
	python3-ipykernel | py3-ipykernel | python-ipykernel) touch "$BOX/has/ipykernel" ;;
	node | nodejs)
		{ echo '#!/bin/sh' && echo '[ -e "$BOX/has/zeromqjs" ]'; } >"$BOX/bin/node"
		{ echo '#!/bin/sh' && echo 'echo "npm $*" >>"$BOX/log"' && echo 'touch "$BOX/has/zeromqjs"'; } >"$BOX/bin/npm"
		chmod +x "$BOX/bin/node" "$BOX/bin/npm"
		;;
	esac
done
END
}

# setup runs setup.sh in the box, with arguments ($@) and nothing of the caller's environment.
setup() {
	status=0
	arguments=$*
	env -i PATH="$box/bin" BOX="$box" ${own:+"SOCKEYE_PYTHON=$own"} ${ci:+"CI=$ci"} /bin/sh "$box/scripts/setup.sh" "$@" \
		>"$box/stdout" 2>"$box/stderr" </dev/null || status=$?
}

fail() {
	why="$why
     $*"
}

# want compares what setup did: a name for the case ($1), the exit status ($2), words that it must
# have said ($3...), and on stdin what it must have asked of the package manager.
want() {
	name=$1 expected=$2 why=
	shift 2
	cat >"$box/want"
	[ "$status" = "$expected" ] || fail "exit status $status, not $expected"
	diff "$box/want" "$box/log" >"$box/diff" || fail "asked for something else: $(cat "$box/diff")"
	for words in "$@"; do
		grep -qF -- "$words" "$box/stderr" || fail "did not say: $words"
	done
	[ "$arguments" = python ] || [ ! -s "$box/stdout" ] || fail "wrote to stdout"
	# What is there needs no words; what was put right stays right.
	if [ "$status" = 0 ] && [ "$silent" = yes ]; then
		[ -s "$box/log" ] || [ ! -s "$box/stderr" ] || fail "spoke without need"
		said=$(cat "$box/stderr")
		: >"$box/log"
		setup $arguments
		[ "$status" = 0 ] && [ ! -s "$box/log" ] && [ ! -s "$box/stderr" ] || fail "a second run was not silent"
	else
		said=$(cat "$box/stderr")
	fi
	if [ -z "$why" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s:%s\n%s\n' "$name" "$why" "$said"
	fi
}

apt="apt-get -y -q -o DPkg::Lock::Timeout=300 --no-install-recommends install"

# What cgo needs.

new 1000 Linux gcc pkg-config libzmq
setup
want "all there" 0 </dev/null

new 0 Linux apt-get lists
setup
want "apt, nothing there" 0 "missing: a C compiler, pkg-config, libzmq with its headers." "running: apt-get -y" <<END
$apt gcc libc6-dev pkg-config libzmq3-dev
END

new 0 Linux apt-get sudo lists gcc pkg-config
setup
want "apt, root leaves sudo alone" 0 "installing libzmq3-dev with apt-get" <<END
$apt libzmq3-dev
END

new 1000 Linux apt-get sudo lists gcc pkg-config
setup
want "apt, not root" 0 "running: sudo apt-get -y" <<END
sudo $apt libzmq3-dev
END

new 1000 Linux apt-get sudo gcc pkg-config
setup
want "apt, no lists yet" 0 "running: sudo apt-get -q update" <<END
sudo apt-get -q update
sudo $apt libzmq3-dev
END

new 0 Linux apt-get lists gcc pkg-config broken
setup
want "apt fails" 1 "error: apt-get could not install libzmq3-dev" <<END
$apt libzmq3-dev
apt-get -q update
$apt libzmq3-dev
END

new 0 Linux dnf
setup
want "dnf, nothing there" 0 <<END
dnf install -y gcc pkgconf-pkg-config zeromq-devel
END

new 1000 Linux dnf sudo gcc
setup
want "dnf, not root" 0 <<END
sudo dnf install -y pkgconf-pkg-config zeromq-devel
END

new 0 Linux dnf gcc pkg-config broken
setup
want "dnf fails" 1 "dnf could not install zeromq-devel" "epel-release" <<END
dnf install -y zeromq-devel
END

new 0 Linux apk
setup
want "apk, nothing there" 0 <<END
apk add --no-cache gcc musl-dev pkgconf zeromq-dev
END

new 1000 Linux apk sudo gcc pkg-config
setup
want "apk, not root" 0 <<END
sudo apk add --no-cache zeromq-dev
END

new 0 Linux apk gcc pkg-config useless
setup
want "installed and still not seen" 1 "libzmq with its headers is still missing" "PKG_CONFIG_PATH" <<END
apk add --no-cache zeromq-dev
END

new 0 Linux pacman lists
setup
want "pacman, nothing there" 0 <<END
pacman -S --needed --noconfirm gcc pkgconf zeromq
END

new 1000 Linux pacman sudo gcc pkg-config
setup
want "pacman, not root, no lists yet" 0 <<END
sudo pacman -Sy --needed --noconfirm zeromq
END

new 501 Darwin brew sudo xcode-select
setup
want "brew, never through sudo" 0 <<END
brew install pkg-config zeromq
END

new 501 Darwin brew
setup
want "brew, no compiler" 1 "xcode-select --install" </dev/null

for line in apt-get:libzmq3-dev dnf:zeromq-devel apk:zeromq-dev pacman:zeromq; do
	new 1000 Linux "${line%:*}" lists gcc pkg-config
	setup
	want "${line%:*}, neither root nor sudo" 1 "installing ${line#*:} takes root" </dev/null
done

new 0 Linux gcc pkg-config
setup
want "no package manager" 1 "there is no apt-get, dnf, apk, pacman or brew" "libzmq3-dev" </dev/null

# What only tests need.

own_things="gcc pkg-config libzmq" # what they need beside it
others="czmq etcd prometheus chromium ipykernel node npm zeromqjs"
ci_npm="npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1"

new 1000 Linux $own_things pyzmq $others
setup test
want "test, all there" 0 </dev/null

new 1000 Linux apt-get sudo lists gcc pkg-config
setup test
want "test, apt" 0 "missing: a python3 with pyzmq" "missing: node with npm" "running: npm ci" <<END
sudo $apt libzmq3-dev
sudo $apt python3-zmq
sudo $apt python3-ipykernel
sudo $apt libczmq-dev libsodium-dev
sudo $apt etcd-server
sudo $apt prometheus
sudo $apt chromium
sudo $apt nodejs npm
$ci_npm
END

new 0 Linux dnf $own_things
setup test
want "test, dnf" 0 <<END
dnf install -y python3-zmq
dnf install -y python3-ipykernel
dnf install -y czmq-devel libsodium-devel
dnf install -y etcd
dnf install -y golang-github-prometheus
dnf install -y chromium
dnf install -y nodejs npm
$ci_npm
END

new 0 Linux apk $own_things
setup test
want "test, apk" 0 <<END
apk add --no-cache py3-pyzmq
apk add --no-cache py3-ipykernel
apk add --no-cache czmq-dev libsodium-dev
apk add --no-cache etcd
apk add --no-cache prometheus
apk add --no-cache chromium
apk add --no-cache nodejs npm
$ci_npm
END

new 0 Linux pacman lists $own_things
setup test
want "test, pacman" 0 <<END
pacman -S --needed --noconfirm python-pyzmq
pacman -S --needed --noconfirm python-ipykernel
pacman -S --needed --noconfirm czmq libsodium
pacman -S --needed --noconfirm etcd
pacman -S --needed --noconfirm prometheus
pacman -S --needed --noconfirm chromium
pacman -S --needed --noconfirm nodejs npm
$ci_npm
END

new 501 Darwin brew xcode-select pkg-config libzmq
silent=no
setup test
want "test, brew, which has no ipykernel" 0 "going on without ipykernel" "SOCKEYE_PYTHON" <<END
brew install pyzmq
brew install czmq libsodium
brew install etcd
brew install prometheus
brew install chromium
brew install node
$ci_npm
END

new 501 Darwin brew xcode-select pkg-config libzmq broken
setup test
want "test, brew has none" 1 "brew could not install pyzmq" "SOCKEYE_PYTHON" <<END
brew install pyzmq
END

new 0 Linux apt-get lists $own_things
own=$box/bin/python3
setup test
want "test, your own python3 is left alone" 1 "cannot import zmq" </dev/null

new 0 Linux apt-get lists $own_things pyzmq czmq etcd prometheus chromium node npm zeromqjs
own=$box/bin/system-python3 silent=no
setup test
want "test, your own python3 without ipykernel" 0 "which has no ipykernel" "going on without ipykernel" </dev/null

new 0 Linux $own_things pyzmq
silent=no
setup test
want "test, the others cannot be had" 0 "going on without ipykernel" "going on without libczmq" "going on without etcd" "going on without Prometheus" "going on without Chromium" "going on without node" </dev/null

new 0 Linux $own_things pyzmq
ci=true
setup test
want "test, the others cannot be had in CI" 1 "there is no apt-get" </dev/null

new 0 Linux $own_things pyzmq czmq etcd prometheus chromium ipykernel node npm offline
silent=no
setup test
want "test, npm fails" 0 "npm could not install zeromq.js" "going on without zeromq.js" <<END
$ci_npm
END

new 0 Linux $own_things pyzmq czmq etcd prometheus chromium ipykernel node npm offline
ci=true
setup test
want "test, npm fails in CI" 1 "npm could not install zeromq.js" <<END
$ci_npm
END

new 1000 Linux apt-get sudo lists $own_things pyzmq czmq etcd prometheus chromium ipykernel node
setup test
want "test, node without npm" 0 "missing: node with npm" <<END
sudo $apt nodejs npm
$ci_npm
END

new 1000 Linux apt-get sudo systemctl lists $own_things pyzmq czmq prometheus chromium ipykernel node npm zeromqjs
setup test
want "test, etcd is no service" 0 "missing: etcd." <<END
sudo $apt etcd-server
sudo systemctl disable --now etcd.service
END

new 1000 Linux apt-get sudo systemctl lists $own_things pyzmq czmq etcd chromium ipykernel node npm zeromqjs
setup test
want "test, prometheus is no service" 0 "missing: Prometheus." <<END
sudo $apt prometheus
sudo systemctl disable --now prometheus.service
END

new 0 Linux dnf systemctl $own_things pyzmq czmq prometheus chromium ipykernel node npm zeromqjs
setup test
want "test, etcd from who starts no service" 0 <<END
dnf install -y etcd
END

new 0 Linux $own_things pyzmq czmq prometheus chromium ipykernel node npm zeromqjs
ci=true
setup test
want "test, etcd cannot be had in CI" 1 "missing: etcd." "there is no apt-get" </dev/null

# What only bench/compare needs.

new 1000 Linux $own_things pyzmq $others
setup bench
want "bench, all there" 0 </dev/null

new 1000 Linux apt-get sudo lists $own_things etcd prometheus chromium ipykernel node npm zeromqjs
setup bench
want "bench, apt" 0 "missing: a python3 with pyzmq" "missing: libczmq with its headers" <<END
sudo $apt python3-zmq
sudo $apt libczmq-dev libsodium-dev
END

new 0 Linux apt-get lists $own_things pyzmq etcd prometheus chromium ipykernel node npm zeromqjs useless
setup bench
want "bench, installed and still not seen" 1 "libczmq with its headers is still missing" "PKG_CONFIG_PATH" <<END
$apt libczmq-dev libsodium-dev
$apt libczmq-dev libsodium-dev
END

# Which python3 that is.

new 0 Linux pyzmq
setup python
[ "$(cat "$box/stdout")" = "$box/bin/system-python3" ] || echo "$(cat "$box/stdout")" >>"$box/log"
want "python" 0 </dev/null

new 0 Linux apt-get lists
setup python
want "python, none" 1 "no python3 here has pyzmq" </dev/null

new 0 Linux
setup tset
want "a word it does not know" 1 "usage: scripts/setup.sh" </dev/null

echo "setup.sh: $passed passed, $failed failed"
[ "$failed" = 0 ]
