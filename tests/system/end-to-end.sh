#!/bin/sh
# From the recorder to the page, on the sqlite3 shell: every allocation and free of the program is
# in the trace (an independent counter says so), none is lost, no block is handed out twice, what
# is live at the end is what the allocator says, and the database, `info` and the report agree.
. "$(dirname "$0")/../lib.sh"
private "$@"
need sqlite3
build=${LW_BUILD:-$root/build}
lwtrace=$build/tracer/lwtrace
lwview=$build/viewer/lwview
liblw=$build/liblw/liblw.so
counter=$(find "$build/tests" -name lw_counter.so | head -1)
ends=$(find "$build/tests" -name lw_ends -type f | head -1)
places=$(find "$build/tests" -name lw_places -type f | head -1)

# record ALLOCATOR NAME COMMAND...: trace and database in $work/NAME; no loss, no violation.
record() {
	allocator=$1
	name=$2
	shift 2
	"$lwtrace" record --allocator "$allocator" -o "$work/$name" -- "$@" \
		>"$work/$name.out" 2>"$work/$name.err" </dev/null ||
		fail "lwtrace record $*: status $?: $(tail -n 5 "$work/$name.err")"
	"$lwview" load "$work/$name" -o "$work/$name.db" 2>"$work/$name.load" ||
		fail "lwview load: status $?: $(tail -n 5 "$work/$name.load")"
}

# ask NAME QUERY
ask() { sqlite3 "$work/$1.db" "$2"; }

# The process with most facts: a shell that lwtrace may start is none of ours.
main_process() { ask "$1" "SELECT id FROM process ORDER BY facts DESC LIMIT 1"; }

# Allocations, frees and changes of size of the program itself, as the trace has them.
traced_counts() {
	p=$(main_process "$1")
	ask "$1" "SELECT
		(SELECT count(*) FROM block WHERE process = $p AND flags & 1 = 0 AND prior IS NULL) || ' ' ||
		(SELECT count(*) FROM block b WHERE process = $p AND flags & 1 = 0 AND death_seq IS NOT NULL
			AND free_latency IS NOT NULL) || ' ' ||
		(SELECT count(*) FROM block WHERE process = $p AND flags & 1 = 0 AND prior IS NOT NULL)"
}

# The same counts by the counter, in a run without any tracer.
counted() {
	library=$1
	shift
	LW_COUNT=$work/count LD_PRELOAD=$counter:$library "$@" >/dev/null 2>&1 </dev/null
	od -A n -t u8 "$work"/count.* | awk '{ for (i = 1; i <= NF; i++) v[n++] = $i } END { print v[0], v[1], v[2] }'
	rm -f "$work"/count.*
}

for allocator in liblw ptmalloc; do
	record $allocator $allocator sqlite3 -init "$root/tests/programs/demo.sql" :memory: .quit
	p=$(main_process $allocator)
	equal "$allocator: facts lost, violations, unknown frees" "0 0 0" \
		"$(ask $allocator "SELECT lost || ' ' || violations || ' ' || unknown_frees FROM process WHERE id = $p")"
	equal "$allocator: complete" 1 "$(ask $allocator "SELECT complete FROM process WHERE id = $p")"
	equal "$allocator: parts that do not sum to the extent" 0 "$(ask $allocator "SELECT count(*) FROM timeline
		WHERE extent <> live + slack + tracer + headers + pool_free + deferred + bins + top")"
	case $allocator in
	liblw) below=$liblw ;;
	*) below=libc.so.6 ;;
	esac
	equal "$allocator: allocations, frees, changes of size; by the counter and in the trace" \
		"$(counted "$below" sqlite3 -init "$root/tests/programs/demo.sql" :memory: .quit)" "$(traced_counts $allocator)"
done
same "the program's output when recorded" "$work/liblw.out" "$work/ptmalloc.out"

# --- what is live at the end is what the allocator says --------------------------------------
record liblw ends "$ends"
p=$(main_process ends)
read -r live blocks extent <"$work/ends.out"
equal "usable bytes live at the end: lw_stats and the trace" "$live" \
	"$(ask ends "SELECT sum(usable) FROM block WHERE process = $p AND death_seq IS NULL")"
equal "blocks live at the end" "$blocks" \
	"$(ask ends "SELECT count(*) FROM block WHERE process = $p AND death_seq IS NULL")"
equal "extent at the end" "$extent" \
	"$(ask ends "SELECT extent FROM timeline WHERE process = $p ORDER BY seq DESC LIMIT 1")"

# --- one place, one thing after the other ----------------------------------------------------
record liblw places "$places"
p=$(main_process places)
equal "places: facts lost, violations, unknown frees" "0 0 0" \
	"$(ask places "SELECT lost || ' ' || violations || ' ' || unknown_frees FROM process WHERE id = $p")"
equal "places: parts that do not sum to the extent, or are less than nothing" 0 "$(ask places "SELECT count(*)
	FROM timeline WHERE extent <> live + slack + tracer + headers + pool_free + deferred + bins + top
	OR min(live, slack, headers, pool_free, deferred, bins, top) < 0")"
# some WHAT QUERY: the recording has what this is about.
some() {
	count=$(ask places "$2")
	[ "$count" -gt 0 ] || fail "places: no $1"
	ok "places: $count $1"
}
some "blocks where pools were" "SELECT count(DISTINCT b.id) FROM block b JOIN pool ON address = ptr
	AND finish_seq < birth_seq WHERE capacity > 0 AND usable > object"
some "deferred chunks made pools as they were" "SELECT count(*) FROM pool p JOIN deferred d
	ON d.address = p.address AND d.finish_seq = p.begin_seq"
some "blocks changed in place" "SELECT count(*) FROM block b JOIN block was ON was.id = b.prior
	WHERE b.ptr = was.ptr AND b.usable <> was.usable AND b.usable > 4096"
some "mappings made and gone" "SELECT count(*) FROM extent WHERE kind = 'map' AND finish_seq IS NOT NULL"
some "shrinkings of the break" "SELECT count(*) FROM sbrk JOIN word ON class = 'outcome' AND code = outcome
	WHERE name = 'shrunk'"

# --- one truth: the database by hand, info, the page -------------------------------------------
"$lwtrace" stat --runs 1 --json "$work/stat.json" -- sqlite3 -init "$root/tests/programs/demo.sql" :memory: .quit \
	>"$work/stat.out" 2>&1 </dev/null || fail "lwtrace stat: $(tail -n 3 "$work/stat.out")"
"$lwview" report "$work/ptmalloc.db" "$work/liblw.db" --stat "$work/stat.json" -o "$work/report" 2>"$work/report.err" ||
	fail "lwview report: $(tail -n 3 "$work/report.err")"
page=$work/report/index.html
[ -s "$page" ] || fail "no page"
if grep -o -E '(src|href)="[^"#][^"]*"' "$page" | grep -v -E '"(data:|[a-z-]+\.(svg|png|html|css)")'; then
	fail "the page refers to something outside of its folder"
fi
"$lwview" info "$work/liblw.db" --json >"$work/info.json" || fail "lwview info --json"
"$lwview" info "$work/liblw.db" >"$work/info.txt" || fail "lwview info"
p=$(main_process liblw)

# by_hand WHAT QUERY: the value that SQL gives stands in info --json, too.
by_hand() {
	value=$(ask liblw "$2")
	[ -n "$value" ] || fail "$1: no value by hand"
	grep -q -w "$value" "$work/info.json" || fail "info --json does not say $1, $value"
	ok "$1: $value by hand and in info"
}
by_hand "facts" "SELECT facts FROM process WHERE id = $p"
by_hand "peak of L" "SELECT cast(value AS INTEGER) FROM peak WHERE process = $p AND figure = 'live'"
by_hand "peak of the extent" "SELECT cast(value AS INTEGER) FROM peak WHERE process = $p AND figure = 'extent'"
by_hand "usable bytes live at the end" "SELECT sum(usable) FROM block WHERE process = $p AND death_seq IS NULL"
by_hand "mallocs" "SELECT count FROM calls JOIN word ON class = 'function' AND code = function
	WHERE process = $p AND name = 'malloc' AND tracer = 0"

# The page carries info's lines: the same words and numbers once the tags are gone.
words() { sed 's/<[^>]*>/ /g; s/&amp;/\&/g; s/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&#39;/'\''/g' "$1" | tr -s ' \t\n' ' '; }
words "$page" >"$work/page.txt"
lines=0
sed -n '/^figures/,/^free bytes/p' "$work/info.txt" | grep -E ' [0-9]' | tr -s ' ' >"$work/lines"
while IFS= read -r line; do
	grep -q -F -e "$line" "$work/page.txt" || fail "the page does not carry info's line: $line"
	lines=$((lines + 1))
done <"$work/lines"
[ $lines -gt 10 ] || fail "only $lines lines of info compared"
ok "$lines lines of info stand on the page word for word"
