#!/bin/sh
# Says what programs compiled against Sockeye would notice, and fails when nobody has said so before.
#
#   scripts/api.sh        compares what is exported with the lists in api/, and with the newest release
#   scripts/api.sh add    lists what is new
#
# A release is a tag that git has here: v0.1.0, v0.2.0, … The list that gets what is new is that of the version
# after it. What is incompatible with it by the compiler's rules (apidiff) must stand, as apidiff prints it and with
# its package in front, in api/breaks-since-TAG.txt, and the next version is a new minor one, from v1.0.0 on a new
# major one.
set -eu
cd "$(dirname "$0")/.."

apidiff="go run golang.org/x/exp/cmd/apidiff@v0.0.0-20261014143641-f0251eb4aa3e"

tag=$(git tag --list 'v[0-9]*' --sort=-version:refname --merged HEAD 2>/dev/null |
	grep -E -m 1 '^v[0-9]+\.[0-9]+\.[0-9]+$') || tag=

# next prints the name of the list for what was added since a tag ($1).
next() { echo "$1" | awk -F. '{ print $1 "." $2 + 1 ".txt" }'; }

case ${1:-} in
add) exec go run ./internal/api -add ${tag:+-next "$(next "$tag")"} ;;
"") go run ./internal/api ;;
*)
	echo "usage: scripts/api.sh [add]" >&2
	exit 2
	;;
esac
[ -n "$tag" ] || exit 0

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/old"
git archive "$tag" | tar -x -C "$tmp/old"

module=$(go list -m)
packages=$(git show "$tag:api" | grep '\.txt$' | while read -r list; do git show "$tag:api/$list"; done |
	sed -n 's/^pkg \([^,]*\), .*/\1/p' | sort -u)
for package in $packages; do
	(cd "$tmp/old" && $apidiff -w "$tmp/was" "$module/$package")
	$apidiff -w "$tmp/is" "$module/$package"
	$apidiff -incompatible "$tmp/was" "$tmp/is" | sed -n "s|^- |$package: |p"
done >"$tmp/breaks"

said=api/breaks-since-$tag.txt
[ -e "$said" ] || said=/dev/null
if new=$(grep -v -x -F -f "$said" "$tmp/breaks"); then
	echo "api: what follows is incompatible with $tag:" >&2
	echo "$new" | sed 's/^/	/' >&2
	echo "If it is meant: write these lines into api/breaks-since-$tag.txt, and say so in CHANGELOG.md." >&2
	exit 1
fi
