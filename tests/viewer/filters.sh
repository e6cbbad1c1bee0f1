#!/bin/sh
# SPDX-License-Identifier: MIT
# Reports and filters: a report is what its view in the schema says, and every report shares out the
# same blocks, whatever the filter, which are those that plain SQL finds. Arguments: lwview, generate.
. "$(dirname "$0")/../lib.sh"
set +e # each sentence is tried
need sqlite3
lwview=$1 generate=$2
dir=$work

"$generate" "$dir/t" 3000 300 >/dev/null && "$lwview" load -q "$dir/t" -o "$dir/t.db" || exit 1
# Three threads, call sites with every kind of name, a block of the tracer's, some of unknown size.
sqlite3 "$dir/t.db" "
	INSERT INTO thread SELECT process, 2, first, last, 0, 0, 0, 0, 0 FROM thread WHERE tid = 1;
	INSERT INTO thread SELECT process, 3, first, last, 0, 0, 0, 0, 1 FROM thread WHERE tid = 1;
	INSERT INTO thread SELECT process, 4, first, last, 0, 0, 0, 0, 0 FROM thread WHERE tid = 1;
	UPDATE block SET alloc_tid = 1 + id % 2, free_tid = 1 + id / 7 % 2 WHERE death_seq IS NOT NULL;
	UPDATE block SET alloc_tid = 3, flags = 1 WHERE id % 50 = 0;
	UPDATE block SET size = NULL, flags = 8 WHERE id % 61 = 1;
	UPDATE site SET module = '/bin/one', offset = id % 1000 WHERE id % 3 > 0;
	UPDATE site SET function = 'work' || (id % 5) WHERE id % 3 = 1;
	UPDATE site SET function = 'inner', file = '/src/a.c', line = id % 7 WHERE id % 3 = 2;
	UPDATE site SET function = 'twice' WHERE id IN (1000001, 1000003);
	UPDATE site SET module = '/bin/two' WHERE id = 1000003;
	UPDATE thread SET allocs = (SELECT count(*) FROM block WHERE alloc_tid = tid),
		bytes = (SELECT sum(coalesce(size, usable)) FROM block WHERE alloc_tid = tid);"

# --- unfiltered, a report is its view
reports="leaks sites sizes lifetimes threads pools temporary export"
for report in $reports; do
	"$lwview" "$report" "$dir/t.db" --csv >"$dir/ours"
	sqlite3 -header -separator , "$dir/t.db" "SELECT * FROM $report" >"$dir/theirs"
	[ "$(wc -l <"$dir/ours")" -gt 1 ] || fail "$report is empty"
	cmp -s "$dir/ours" "$dir/theirs" || fail "$report: $(diff "$dir/ours" "$dir/theirs" | head -5)"
done

# sums REPORT BLOCKS BYTES FILTER...: two columns of a report, summed
sums() {
	report=$1 blocks=$2 bytes=$3
	shift 3
	"$lwview" "$report" "$dir/t.db" "$@" --csv 2>"$dir/err" |
		awk -F, -v blocks="$blocks" -v bytes="$bytes" '
			NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
			{ n += blocks ? $at[blocks] : 1
			  if (bytes) sum += $at[bytes]
			  else sum += $at["size_bytes"] == "" ? $at["usable_bytes"] : $at["size_bytes"] }
			END { print n + 0, sum + 0 }'
}

# refused STATUS WORDS COMMAND...
refused() {
	want=$1 words=$2
	shift 2
	"$lwview" "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ $got = "$want" ] || fail "lwview $*: status $got, not $want"
	grep -qF -- "$words" "$dir/err" || fail "lwview $*: no \"$words\": $(cat "$dir/err")"
	[ "$(wc -l <"$dir/err")" = 1 ] || fail "lwview $*: not one sentence"
}

# same "CONDITION in SQL" "last fact that is known, or empty" FILTER...
same() {
	condition=$1 last=$2
	shift 2
	[ -n "$last" ] || last=9223372036854775807
	all=$(sqlite3 -separator ' ' "$dir/t.db" "SELECT count(*), sum(coalesce(size, usable)) FROM block
		WHERE flags & 1 = 0 AND ($condition)")
	alive=$(sqlite3 -separator ' ' "$dir/t.db" "SELECT count(*), coalesce(sum(coalesce(size, usable)), 0)
		FROM block WHERE flags & 1 = 0 AND ($condition)
			AND (death_seq IS NULL OR death_seq > $last)")
	[ "${all% *}" -gt 0 ] || fail "nothing to see: $condition"
	for report in "sites blocks bytes" "sizes blocks bytes" "lifetimes blocks bytes" \
		"threads allocs bytes" "export  "; do
		# shellcheck disable=SC2086 # a report and its columns
		got=$(IFS=' '; set -- "$@"; case $report in
			export*) sums export '' '' "$@" ;;
			*) r=${report%% *} b=${report#* }; sums "$r" "${b% *}" "${b#* }" "$@" ;;
		esac)
		[ "$got" = "$all" ] || fail "${report%% *} $*: $got, not $all: $(cat "$dir/err")"
	done
	got=$(sums leaks blocks bytes "$@")
	[ "$got" = "$alive" ] || fail "leaks $*: $got, not $alive: $(cat "$dir/err")"
	# The views that draw: what the calls of these blocks took, and what of them is alive at the end.
	want=$(sqlite3 "$dir/t.db" "SELECT count(*) FROM block WHERE flags & 13 = 0 AND ($condition)")
	got=$("$lwview" latency "$dir/t.db" "$@" --csv | awk -F, '$2 == "all" && $1 !~ /^free/ { n += $3 } END { print n }')
	[ "$got" = "$want" ] || fail "latency $*: $got calls, not $want"
	case $* in
	*--at* | *--begin* | *--end*) ;;
	*)
		got=$("$lwview" timeline "$dir/t.db" "$@" --csv | tail -1)
		[ "${got##*,}" = "${alive#* }" ] || fail "timeline $*: ${got##*,}, not ${alive#* }"
		got=$("$lwview" map "$dir/t.db" "$@" --at end --csv 2>/dev/null | sed -n 's/^selected,[^,]*,\([0-9]*\),.*/\1/p')
		[ "${got:-0}" = "${alive#* }" ] || fail "map $*: $got, not ${alive#* }"
		refused 2 "rss takes no" rss "$dir/t.db" "$@"
		;;
	esac
	got=$("$lwview" info "$dir/t.db" "$@" --json | tr -d '\n' |
		sed -n 's/.*"selection": \[{"blocks": \([0-9]*\), "bytes": \([0-9]*\).*/\1 \2/p')
	[ "$got" = "$all" ] || fail "info $*: $got, not $all"
}

middle=$(sqlite3 "$dir/t.db" "SELECT start + (finish - start) / 2 FROM process")
seq=$(sqlite3 "$dir/t.db" "SELECT max(s) FROM (SELECT max(birth_seq) AS s FROM block WHERE birth <= $middle
	UNION ALL SELECT max(death_seq) FROM block WHERE death <= $middle)")
peak=$(sqlite3 "$dir/t.db" "SELECT seq FROM peak WHERE figure = 'live'")
same "alloc_tid = 2" '' --thread 2
same "coalesce(size, usable) BETWEEN 100 AND 400" '' --min-size 100 --max-size 400
same "birth <= $middle" "$seq" --end 50%
same "birth >= $middle" '' --begin 50%
same "birth <= $middle AND alloc_tid = 1 AND coalesce(size, usable) <= 300" "$seq" \
	--end 50% --thread 1 --max-size 300
same "birth_seq <= $seq AND (death_seq IS NULL OR death_seq > $seq)" "$seq" --at 50%
same "birth_seq <= $peak AND (death_seq IS NULL OR death_seq > $peak)" "$peak" --at peak
same "death_seq IS NULL" '' --at end
# To the fact: a window that ends with a free, a moment that is one, a window that begins with a birth.
set -- $(sqlite3 -separator ' ' "$dir/t.db" "SELECT death - start, death_seq, birth - start, birth_seq
	FROM block b JOIN process p ON p.id = b.process WHERE death_seq > $peak + 500 LIMIT 1")
same "birth_seq <= $2" "$2" --end "$1ns"
same "birth_seq <= $2 AND (death_seq IS NULL OR death_seq > $2)" "$2" --at "$1ns"
same "birth_seq >= $4" '' --begin "$3ns"
same "alloc_site IN (SELECT id FROM site WHERE function = 'work2')" '' --site work2
same "alloc_site IN (SELECT id FROM site WHERE function = 'inner' AND line = 3)" '' --site /src/a.c:3
same "alloc_site = 1000004" '' --site /bin/one+0x4
same "alloc_site = 1000006" '' --site \
	"$(sqlite3 "$dir/t.db" "SELECT printf('0x%x', address) FROM site WHERE id = 1000006")"
same "alloc_site IN (SELECT id FROM place WHERE place = 'inner (/src/a.c:2)') AND alloc_tid = 1" '' \
	--site 'inner (/src/a.c:2)' --thread 1

# Pools are chosen by their own time, thread and object size; latencies are those of the blocks.
got=$("$lwview" pools "$dir/t.db" --max-size 64 --csv | awk -F, 'NR > 1 { n += $3 } END { print n }')
want=$(sqlite3 "$dir/t.db" "SELECT count(*) FROM pool WHERE capacity > 0 AND object <= 64")
[ "$got" = "$want" ] || fail "pools of up to 64 bytes: $got, not $want"

# --- filters that name what is not there, or leave nothing
for command in info map timeline latency $reports "check --max-leaks 1GiB"; do
	# shellcheck disable=SC2086 # a command and its options
	set -- $command
	[ "$1" != export ] || set -- export --csv
	refused 3 "no such thread" "$@" "$dir/t.db" --thread 99
	refused 3 "no such process" "$@" "$dir/t.db" --pid 99
	refused 3 "leave no block" "$@" "$dir/t.db" --min-size 1G
	refused 3 "leave no block" "$@" "$dir/t.db" --thread 4
	refused 2 "takes no --begin" "$@" "$dir/t.db" --at 50% --end 60%
	refused 2 "lies after" "$@" "$dir/t.db" --begin 60% --end 50%
	refused 2 "lies above" "$@" "$dir/t.db" --min-size 2K --max-size 1K
	[ "$1" = pools ] && continue
	refused 3 "no such call site" "$@" "$dir/t.db" --site nowhere
	refused 3 "ambiguous" "$@" "$dir/t.db" --site twice
done
refused 2 "no --site" pools "$dir/t.db" --site work2

# --- the process that is meant
cp "$dir/t.db" "$dir/many.db"
sqlite3 "$dir/many.db" "
	UPDATE process SET id = 7;
	INSERT INTO process (id, pid, name, allocator, start, finish, facts, last_seq, lost, complete)
	SELECT 1, 31, 'other', allocator, start, finish, facts + 5, 0, 0, 1 FROM process
	UNION ALL SELECT 2, 30, 'before', allocator, start, finish, 1, 0, 0, 1 FROM process
	UNION ALL SELECT 3, 30, 'recorded', allocator, start, finish, 2, 0, 0, 1 FROM process;"
heading() {
	got=$("$lwview" leaks "$dir/many.db" "$@" | head -1)
	case $got in
	$want) ;;
	*) fail "the heading is '$got', not '$want'" ;;
	esac
}
want='other, pid 31,*; most facts of 4 processes*' heading
sqlite3 "$dir/many.db" "INSERT INTO meta VALUES ('lwtrace', '{\"pid\": 30}')"
want='recorded, pid 30,*; most facts of 2 images of this pid' heading
want='other, pid 31,* lost' heading --pid 31
sqlite3 "$dir/many.db" "UPDATE meta SET value = '{\"pid\": 99}' WHERE key = 'lwtrace'"
want='other, pid 31,*; most facts of 4 processes*' heading
sqlite3 "$dir/many.db" "UPDATE meta SET value = '{\"pid\": 4711}' WHERE key = 'lwtrace'"
want='made-up, pid 4711,* lost' heading

# --- a database of before
sqlite3 "$dir/many.db" "PRAGMA user_version = 1"
refused 3 "load the trace again" leaks "$dir/many.db"
[ $failures = 0 ]
