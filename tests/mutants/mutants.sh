#!/bin/sh
# Do the tests notice a fault?  mutants.sh BUILD [NUMBER...]     (./run mutants)
#                               mutants.sh --check BUILD
#
# Each fault of tests/mutants/list, or each of these numbers, is put into a copy of the tree in BUILD, which
# is built, and the tests that it names are run: killed when one fails. Status 1 when a fault survives, or
# does not apply any more.  --check builds nothing: whether each applies to this tree, and its tests are
# tests of BUILD.
. "$(dirname "$0")/../lib.sh"
list=$root/tests/mutants/list
check=''
[ "${1:-}" != --check ] || { check=yes; shift; }
[ $# -gt 0 ] || fail "usage: mutants.sh [--check] BUILD [NUMBER...]"
mkdir -p "$1"
build=$(cd "$1" && pwd)
shift

# Four lines for each fault: FILE or FOLDER, - OLD, + NEW, ? TESTS.
grep -v '^#' "$list" | awk -v work="$work" '
	/^[^-+?]/ { n++; print > (work "/" n ".file") }
	/^- / { print substr($0, 3) > (work "/" n ".old") }
	/^\+ / { print substr($0, 3) > (work "/" n ".new") }
	/^\? / { print substr($0, 3) > (work "/" n ".tests") }
	END { print n > (work "/count") }'
count=$(cat "$work/count")

# changed N FILE: FILE with the fault; status 1 unless the old text stands in it just once.
changed() {
	awk -v old_file="$work/$1.old" -v new_file="$work/$1.new" '
		BEGIN { getline old <old_file; getline new <new_file }
		{ at = index($0, old) }
		at { found++; $0 = substr($0, 1, at - 1) new substr($0, at + length(old)) }
		{ print }
		END { exit found != 1 }' "$2"
}

# located N: the file of the fault: in a folder, the one where the old text stands.
located() {
	(cd "$root" && find "$(cat "$work/$1.file")" -type f -name '*.[ch]' -exec grep -l -F -f "$work/$1.old" {} +)
}

# told N: the fault in a line.
told() { printf '%3d  %s: %s -> %s' "$1" "$file" "$(cat "$work/$1.old")" "$(cat "$work/$1.new")"; }

if [ -n "$check" ]; then
	set +e
	[ "$count" -ge 24 ] || fail "only $count faults"
	(cd "$build" && ctest -N) >"$work/names"
	for n in $(seq "$count"); do
		file=$(located "$n")
		[ -s "$work/$n.old" ] && [ -s "$work/$n.new" ] && [ -s "$work/$n.tests" ] || fail "$(told "$n"): not whole"
		changed "$n" "$root/$file" >/dev/null 2>&1 || fail "$(told "$n"): does not apply just once"
		grep -q -E " ($(cat "$work/$n.tests"))" "$work/names" || fail "$(told "$n"): no test is called $(cat "$work/$n.tests")"
	done
	[ $failures != 0 ] || ok "$count faults apply"
	exit
fi

tree=$build/tree
rm -rf "$tree"
mkdir "$tree"
(cd "$root" && git ls-files -z | xargs -0 tar cf - 2>/dev/null) | tar xf - -C "$tree"
made() { cmake --build "$build/out" -j "$(nproc)" >"$build/log" 2>&1; }
tested() { (cd "$build/out" && ctest -j2 -R "$1" --stop-on-failure --no-tests=error) >"$build/log" 2>&1; }
generator=''
! command -v ninja >/dev/null || generator='-G Ninja'
launcher=''
! command -v ccache >/dev/null || launcher=-DCMAKE_C_COMPILER_LAUNCHER=ccache
# shellcheck disable=SC2086 # two words or none
cmake -S "$tree" -B "$build/out" $generator $launcher -DCMAKE_BUILD_TYPE=RelWithDebInfo >"$build/log" 2>&1 ||
	fail "cmake: see $build/log"
made || fail "the tree does not build: see $build/log"

[ $# -gt 0 ] || set -- $(seq "$count")
for n; do
	cat "$work/$n.tests" || fail "no fault has the number $n"
done | sort -u >"$work/named"
while read -r tests; do
	tested "^($tests)" || fail "$tests fails without any fault: see $build/log"
done <"$work/named"

set +e
for n; do
	file=$(located "$n")
	tests=$(cat "$work/$n.tests")
	if ! changed "$n" "$root/$file" >"$work/changed" 2>/dev/null; then
		fail "$(told "$n"): DOES NOT APPLY just once"
		continue
	fi
	cp "$work/changed" "$tree/$file"
	if ! made; then
		fail "$(told "$n"): DOES NOT BUILD: $(grep -m1 error: "$build/log")"
	elif tested "^($tests)"; then
		fail "$(told "$n"): SURVIVED $tests"
	else
		ok "killed $(told "$n")"
	fi
	cp "$root/$file" "$tree/$file"
	made || fail "the tree does not build any more: see $build/log"
done
[ $failures != 0 ] || ok "$checks faults, each noticed"
