#!/bin/sh
# The lines that tests run:  coverage.sh FOLDER     (./run coverage builds FOLDER, with LW_COVERAGE)
#
# lwview and lwtrace in FOLDER are run by their own tests, the allocator by its own in one program each.
# A table of all files; status 1 when liblw or viewer/load is below the floor.
. "$(dirname "$0")/../lib.sh"
floor=90
build=$(cd "$1" && pwd)
find "$build" -name '*.gcda' -exec rm {} +
rm -rf "$build/allocator"
mkdir "$build/allocator"

# Where a test forbids files to be written gcov would say so between the words that are looked at.
export GCOV_ERROR_FILE="$build/gcov.log"
(cd "$build" && ctest -j2 --output-on-failure --no-tests=error -E '\.user$' \
	-R '^(viewer|tracer)\.|^system\.traces$') >"$build/coverage.log" 2>&1 || {
	tail -n 40 "$build/coverage.log" >&2
	fail "the tests fail; see $build/coverage.log"
}
cc -O1 -c -o "$build/allocator/exits.o" "$root/tests/coverage/exits.c"
KEEP=1 TMPDIR=$build/allocator CC="cc --coverage -fprofile-update=prefer-atomic $build/allocator/exits.o" \
	sh "$root/tests/liblw/flavours.sh" -n 2000 debug >>"$build/coverage.log" 2>&1 || {
	tail -n 40 "$build/coverage.log" >&2
	fail "the allocator's tests fail; see $build/coverage.log"
}
lcov -q -c -d "$build" -o "$work/all" >"$work/log" 2>&1 || fail "lcov: $(tail -n 3 "$work/log")"
lcov -q -e "$work/all" "$root/liblw/*" "$root/cli/*" "$root/tracer/*" "$root/viewer/*" "$root/traces/format/*" \
	-o "$build/coverage.info" >"$work/log" 2>&1 || fail "lcov: $(tail -n 3 "$work/log")"

# LINES RUN NAME of each file, then of each folder.
awk -F: -v root="$root/" '
	$1 == "SF" { file = substr($2, length(root) + 1); folder = file; sub("/[^/]*$", "/", folder) }
	$1 == "LF" { lines[file] += $2; lines[folder] += $2 }
	$1 == "LH" { run[file] += $2; run[folder] += $2 }
	END { for (name in lines) print lines[name], run[name] + 0, name }' "$build/coverage.info" >"$work/files"
grep -v '/$' "$work/files" | sort -k 3 >"$work/table"
grep '/$' "$work/files" | sort -k 3 >>"$work/table"
awk '{ printf "%5.1f %%  %5d of %5d lines  %s\n", 100 * $2 / $1, $2, $1, $3 }' "$work/table"
for folder in liblw/ viewer/load/; do
	awk -v folder=$folder -v floor=$floor '$3 == folder { found = 1; low = 100 * $2 < floor * $1 } END { exit !found || low }' \
		"$work/files" || fail "fewer than $floor % of the lines of $folder are run by tests"
	ok "at least $floor % of the lines of $folder"
done
