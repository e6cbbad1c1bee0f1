#!/bin/sh
# SPDX-License-Identifier: MIT
# lwview info and the tables: they say what the database says. Arguments: lwview, generate.
. "$(dirname "$0")/../lib.sh"
set +e # each sentence is tried
lwview=$1 generate=$2
here=$(dirname "$0")
dir=$work

"$generate" "$dir/t" 3000 300 >/dev/null && "$lwview" load -q "$dir/t" -o "$dir/t.db" || exit 1

# golden FILE COMMAND...: the output of a command, kept; UPDATE=1 keeps it anew.
golden() {
	want=$here/golden/$1
	shift
	"$lwview" "$@" >"$dir/out" 2>&1 || fail "$*: status $?"
	[ -z "${UPDATE:-}" ] || cp "$dir/out" "$want"
	diff -u "$want" "$dir/out" || fail "lwview $1 no longer prints $want"
}

golden info.txt info "$dir/t.db"
golden info.json info "$dir/t.db" --json
golden sites.txt sites "$dir/t.db" -n 5
golden leaks.txt leaks "$dir/t.db" -n 5
golden sizes.txt sizes "$dir/t.db" -n 5
golden lifetimes.txt lifetimes "$dir/t.db"
golden threads.txt threads "$dir/t.db"
golden pools.txt pools "$dir/t.db" -n 5
golden temporary.txt temporary "$dir/t.db" -n 5
golden export.csv export "$dir/t.db" --csv -n 5
golden folded.txt export "$dir/t.db" --folded --at end

# The same number three ways: by hand, from info, from a table.
hand=$("$lwview" sql "$dir/t.db" "SELECT sum(size) FROM block WHERE death_seq IS NULL" --csv | tail -1)
info=$("$lwview" info "$dir/t.db" --json | tr -d ' \n' |
	sed 's/.*"whose":"program","blocks":[0-9]*,"asked_bytes":\([0-9]*\).*/\1/')
table=$("$lwview" sql "$dir/t.db" "SELECT sum(bytes) FROM leaks" --csv | tail -1)
[ "$hand" = "$info" ] || fail "info says $info alive, the table block $hand"
[ "$hand" = "$table" ] || fail "leaks say $table alive, the table block $hand"

# Filters
all=$("$lwview" export "$dir/t.db" --csv | wc -l)
small=$("$lwview" export "$dir/t.db" --csv --max-size 100 | wc -l)
large=$("$lwview" export "$dir/t.db" --csv --min-size 101 | wc -l)
[ "$all" = $((small + large - 1)) ] || fail "sizes part the blocks: $all = $small + $large - 1"
early=$("$lwview" export "$dir/t.db" --csv --end 50% | wc -l)
[ "$early" -gt 10 ] && [ "$early" -lt "$all" ] || fail "--end 50% gives $early of $all rows"
# Statuses
status() {
	want=$1
	shift
	"$lwview" "$@" >/dev/null 2>&1
	got=$?
	[ $got = "$want" ] || fail "lwview $*: status $got, not $want"
}
status 0 --help
status 0 --version
status 2
status 2 nonsense
status 2 info
status 2 info "$dir/t.db" --nonsense
status 3 info "$dir/nope.db"
status 3 info "$here/info.sh"
status 3 info "$dir/t.db" --pid 1
status 2 sql "$dir/t.db" "SELECT nonsense"
status 2 export "$dir/t.db"
status 0 check "$dir/t.db" --max-peak 1G --max-frag 1 --max-p99 1s
status 1 check "$dir/t.db" --max-peak 1K
status 1 check "$dir/t.db" --max-p99 1ns
status 1 check "$dir/t.db" --max-frag 0
status 2 check "$dir/t.db"
# A limit has a unit, is in range, and measures something.
status 2 check "$dir/t.db" --max-p99 5
status 2 check "$dir/t.db" --max-peak 100
status 2 check "$dir/t.db" --max-frag 150
status 2 check "$dir/t.db" --max-frag 150%
status 1 check "$dir/t.db" --max-overhead 150%
status 2 check "$dir/t.db" --max-peak 1G --thread 1
status 0 check "$dir/t.db" --max-p99 1ms --thread 1
status 3 check "$dir/t.db" --max-leaks 1G --thread 99
# Growth since a baseline: the same run is none; a baseline with less is exceeded, each figure by name.
status 0 check "$dir/t.db" --against "$dir/t.db" --max-growth 0%
"$generate" "$dir/half" 1500 300 >/dev/null && "$lwview" load -q "$dir/half" -o "$dir/half.db" || exit 1
status 1 check "$dir/t.db" --against "$dir/half.db" --max-growth 5%
status 0 check "$dir/half.db" --against "$dir/t.db" --max-growth 5%
status 2 check "$dir/t.db" --against "$dir/t.db"
status 2 check "$dir/t.db" --against "$dir/t.db" --max-growth 5
status 3 check "$dir/t.db" --against "$dir/nope.db" --max-growth 5%
for figure in 'peak heap (H)' 'peak live (L)' 'alive at the end' 'bytes asked for' 'blocks obtained'; do
	"$lwview" check "$dir/t.db" --against "$dir/half.db" --max-growth 5% |
		grep -qF "growth of $figure" || fail "check does not name the growth of $figure"
done
status 4 info "$dir/t.db" -o /dev/full -f
"$lwview" sql "$dir/t.db" "DELETE FROM block" 2>/dev/null && fail "sql is not read-only"
for command in $("$lwview" --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	"$lwview" "$command" --help >/dev/null || fail "lwview $command --help"
done
[ $failures = 0 ]
