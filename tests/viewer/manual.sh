#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual pages that are made at build time say all that they are made from. Argument: their folder.
. "$(dirname "$0")/../lib.sh"
set +e # each sentence is tried
need sqlite3
pages=$1

# Every table, every column with words, every view.
sqlite3 "$work/t.db" <"$root/viewer/schema.sql"
for table in $(sqlite3 "$work/t.db" "SELECT name FROM sqlite_master WHERE type = 'table'"); do
	awk -v head=".Ss $table" '$0 == head { on = 1; next } /^\.Ss/ { on = 0 } on' "$pages/lw-database.5" \
		>"$work/section"
	for column in $(sqlite3 "$work/t.db" "SELECT name FROM pragma_table_info('$table')"); do
		said=$(grep -A1 -x "\.It Va $column" "$work/section" | tail -n +2)
		[ -n "$said" ] || fail "lw-database(5) says nothing of $table.$column"
	done
done
for view in $(sqlite3 "$work/t.db" "SELECT name FROM sqlite_master WHERE type = 'view'"); do
	said=$(grep -A1 -x "\.Ss $view (view)" "$pages/lw-database.5" | tail -n +2)
	[ ${#said} -gt 5 ] || fail "lw-database(5) says nothing of the view $view"
done

# Every figure: those that the view has, and each that has a peak.
grep -A6 '^\.It Sy external' "$pages/lw-metrics.7" | grep -q 'nullif(s.pool_free' ||
	fail "lw-metrics(7) lacks the formula of external fragmentation"
[ "$(grep -c '^\.It Sy' "$pages/lw-metrics.7")" -ge 22 ] || fail "lw-metrics(7) lacks figures"

for page in lw-database.5 lw-metrics.7; do
	! command -v mandoc >/dev/null || mandoc -Tlint -W warning "$pages/$page" >"$work/lint" ||
		fail "$page: $(cat "$work/lint")"
done
[ $failures = 0 ]
