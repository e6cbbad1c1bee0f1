#!/bin/sh
# Does what a guide says, in a scratch copy of the tree:  follow.sh GUIDE.md
#
# Of the guide's fenced blocks, in their order,
#
#   ```sh           is run by sh -eu; its failure is the test's
#   ```diff         is applied by patch
#   ```LANGUAGE PATH  becomes the file PATH
#
# and all others are for reading. So the steps that a newcomer is told are those that were tried. A
# guide that records does so on a machine of its own.
. "$(dirname "$0")/../lib.sh"
guide=$root/$1
[ -s "$guide" ] || fail "no such guide: $1"
! grep -q '^build/tracer/lwtrace ' "$guide" || private "$@"

tree=$work/tree
mkdir -p "$tree" "$work/steps"
(cd "$root" && git ls-files -co --exclude-standard 2>/dev/null | grep . || find . -type f -not -path './build*' -not -path './.git/*') |
	while read -r file; do
		[ ! -f "$root/$file" ] || echo "$file"
	done >"$work/files"
(cd "$root" && tar -cf - -T "$work/files") | tar -xf - -C "$tree"

# One file a step: its first line is what the fence says.
awk -v steps="$work/steps" '
	/^```/ && !inside { inside = 1; file = sprintf("%s/%03d", steps, ++n); print substr($0, 4) >file; next }
	/^```$/ && inside { inside = 0; close(file); next }
	inside { print >>file }' "$guide"

done=0
for step in "$work"/steps/*; do
	read -r kind path <"$step" || true
	sed 1d "$step" >"$work/block"
	case $kind:$path in
	sh:) (cd "$tree" && sh -eu "$work/block") >"$work/out" 2>&1 || {
		cat "$work/block" "$work/out" >&2
		fail "$1: a step fails"
	} ;;
	diff:) patch -s -p1 -d "$tree" <"$work/block" >"$work/out" 2>&1 || {
		cat "$work/block" "$work/out" >&2
		fail "$1: a change does not apply"
	} ;;
	*:?*)
		mkdir -p "$(dirname "$tree/$path")"
		cp "$work/block" "$tree/$path"
		;;
	*) continue ;;
	esac
	done=$((done + 1))
done
[ $done -gt 2 ] || fail "$1: only $done steps: is this a guide?"
ok "$1: its $done steps lead to what it says"
