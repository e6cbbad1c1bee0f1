#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A view is one file and one row: in a copy of the tree one is added, built and asked; its command,
# its help, its forms, its picture and its section on the report page follow from these two.
. "$(dirname "$0")/../lib.sh"
here=$root/tests/guides
dir=$work
export LC_ALL=C

for tree in before tree; do
	mkdir "$dir/$tree"
	tar -C "$root" --exclude=./build --exclude=./.git --exclude=./traces/good --exclude=./traces/bad -cf - . |
		tar -C "$dir/$tree" -xf -
done
cd "$dir/tree"

# Step 1: the file.
cp "$here/births.c" viewer/draw/births.c
# Step 2: the row.
sed -i 's/^\trow(pools)$/\trow(births)     \\\n&/' viewer/view.h
diff -rN "$dir/before/viewer" viewer | grep '^diff' >"$dir/changes"
[ "$(wc -l <"$dir/changes")" -eq 2 ] || fail "more than a file and a row: $(cat "$dir/changes")"
[ "$(diff "$dir/before/viewer/view.h" viewer/view.h | grep -c '^[<>]')" -eq 1 ] || fail "no row was added"

# Step 3: build.
{
	cmake -S . -B "$dir/build" -DLW_TRACE=OFF -DLW_BUILD_TESTS=OFF -DCMAKE_BUILD_TYPE=Debug -DLW_WERROR=ON &&
		cmake --build "$dir/build" --parallel 2 --target lwview
} >"$dir/log" 2>&1 || fail "$(tail -20 "$dir/log")"
view=$dir/build/viewer/lwview

# What follows.
cat viewer/schema.sql tests/viewer/small.sql | sqlite3 small.db
"$view" --help | grep -q '^  births  *heap.db  *when blocks are obtained$' || fail "the help lacks it"
"$view" births --help | grep -q 'fiftieth of the run' || fail "its help lacks the caption"
"$view" births small.db | grep -q '^ *20 *1$' || fail "its table: $("$view" births small.db)"
"$view" births small.db -o births.json || fail births.json
[ "$(sqlite3 :memory: "SELECT sum(json_extract(value, '\$.blocks')) FROM json_each(readfile('births.json'))")" -eq 6 ] ||
	fail "its JSON: $(cat births.json)"
! "$view" births none.db 2>err || fail "a missing database is no failure"
if command -v gnuplot >/dev/null; then
	"$view" births small.db -o births.png || fail births.png
	"$view" births small.db -o births.html || fail births.html
	"$view" report small.db -o page >/dev/null || fail page
	for page in births.html page/index.html; do
		grep -q '^<h3>births: when blocks are obtained</h3>$' $page || fail "$page has no section"
		grep -q '<figure id="births-0">' $page || fail "$page lacks its picture"
		grep -q '<table id="births-steps-0">' $page || fail "$page lacks its table"
	done
fi
ok "a view is one file and one row"
