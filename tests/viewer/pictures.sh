#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The views on a small database that is checked by hand (small.sql): their words, golden; their
# pictures, drawn and drawn the same; their refusals.
#	pictures.sh LWVIEW text|draw|forms|effect|refuse|agree
. "$(dirname "$0")/../lib.sh"
set +e # each sentence is tried
here=$(cd "$(dirname "$0")" && pwd)
view=$1
part=$2
schema=$here/../../viewer/schema.sql
dir=$work
export LC_ALL=C

# expect STATUS WORD COMMAND...: the status, and one line on stderr that holds WORD
expect() {
	want=$1 word=$2
	shift 2
	"$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ $got -eq "$want" ] || fail "status $got, not $want: $*: $(cat "$dir/err")"
	[ "$(wc -l <"$dir/err")" -eq 1 ] || fail "not one sentence: $*: $(cat "$dir/err")"
	grep -q -- "$word" "$dir/err" || fail "nothing of '$word': $*: $(cat "$dir/err")"
}

cat "$schema" "$here/small.sql" | sqlite3 "$dir/small.db" || exit 1
# The same program with fewer bytes free: a second allocator.
{
	cat "$schema" "$here/small.sql"
	echo "UPDATE process SET allocator = 'ptmalloc', pid = 41;
		UPDATE extent SET length = 6144 WHERE kind = 'brk';
		UPDATE timeline SET top = top - 2048, extent = extent - 2048 WHERE seq <> 2;
		UPDATE peak SET value = value - 2048 WHERE figure IN ('extent', 'heap');"
} | sqlite3 "$dir/other.db" || exit 1
cd "$dir" || exit 1

# All views, as the help has them: what is no view is named here.
views=$("$view" --help | sed -n 's/^  \([a-z]*\) .*/\1/p' |
	grep -vx 'load\|sql\|export\|check\|compare\|report')
[ "$(echo "$views" | wc -l)" -ge 12 ] || fail "the help has not all views: $views"

has_picture() {
	"$view" "$1" --help | grep -q -- --keep-script
}

golden() {
	name=$1
	shift
	"$view" "$@" >"$name" 2>&1 || fail "lwview $*"
	if [ -n "${LW_GOLDEN_WRITE:-}" ]; then
		cp "$name" "$here/golden/$name"
	else
		diff -u "$here/golden/$name" "$name" >&2 || fail "lwview $* says something else"
	fi
}

text() {
	golden map.txt map small.db
	golden map-at.txt map small.db --at 8us
	golden map-ptmalloc.txt map other.db --at end
	golden map-selected.txt map small.db --min-size 15 --max-size 100
	golden map-zoom.txt map small.db --at 8us --zoom 10c00..11000
	golden map.json map small.db --at 8us --json
	golden latency.txt latency small.db
	golden latency-part.txt latency small.db --min-size 100
	golden timeline.txt timeline small.db --rows 3
	golden timeline.csv timeline small.db --rows 3 --csv
	golden timeline-part.txt timeline small.db --rows 3 --begin 7us --over asked
	golden rss.txt rss small.db
	golden compare.txt compare other.db small.db
	golden compare-same.txt compare small.db small.db
	"$view" compare small.db small.db --exit-code >/dev/null || fail "equal runs differ"
	"$view" compare other.db small.db --exit-code >/dev/null && fail "other runs are equal"
	[ "$("$view" compare other.db small.db small.db | grep -c '^base: small (pid 41)')" -eq 2 ] ||
		fail "two new ones are not two tables"
	# A code without a word is no reason to leave calls out.
	cp small.db odd.db
	sqlite3 odd.db "INSERT INTO latency_hist VALUES (1, 0, 9, 500, 510, 3, 1520, 509), (1, 33, 9, 500, 510, 2, 1010, 509)"
	[ "$("$view" latency odd.db --csv | awk -F, '$2 == "all" { n += $3 } END { print n }')" -eq 13 ] ||
		fail "calls are left out: $("$view" latency odd.db)"
	"$view" latency odd.db | grep -q '^  *unknown 9  *3 ' || fail "no unknown source by its number"
	"$view" latency odd.db | grep -q '^unknown 33  *all  *2 ' || fail "no unknown function by its number"
	LC_ALL=C.UTF-8 "$view" map small.db | grep -q '▓' || fail "no blocks on a UTF-8 terminal"
}

# Every picture in every format, twice the same; the kept script draws the same picture again.
draw() {
	pictures=0
	for verb in $views; do
		has_picture "$verb" || continue
		pictures=$((pictures + 1))
		for format in svg png pdf; do
			"$view" $verb small.db -o $verb.$format --keep-script $verb.gp -f || fail "$verb.$format"
			"$view" $verb small.db -o again.$format -f || fail "$verb.$format again"
			cmp -s $verb.$format again.$format || fail "$verb.$format differs from run to run"
			[ "$(wc -c <$verb.$format)" -gt 2000 ] || fail "$verb.$format is empty"
		done
		"$view" $verb small.db -o only-$verb.gp || fail "$verb.gp"
		LC_ALL=C.UTF-8 gnuplot -d only-$verb.gp && [ -s only-$verb.svg ] || fail "$verb.gp does not draw by itself"
		# Side by side, where it can be.
		"$view" compare other.db small.db --view $verb -o two-$verb.svg 2>err ||
			grep -q 'no view of two' err || fail "two of $verb: $(cat err)"
	done
	[ $pictures -ge 4 ] || fail "only $pictures views have a picture"
	[ "$(ls two-*.svg | wc -l)" -ge 3 ] || fail "only these are drawn side by side: $(ls two-*)"
	"$view" compare other.db small.db -o compare.svg || fail compare.svg
	grep -q 'Two heaps at one scale' compare.svg || fail "compare.svg has no title"
	grep -q 'small (pid 42) on liblw' map.svg || fail "map.svg does not name program, pid, allocator"
	grep -q 'brk 8 KiB' map.svg || fail "map.svg does not name its regions"
	grep -q '0x7f0000000000' map.svg || fail "map.svg does not give addresses"
	# What is a name in the trace is a name in the picture, not a command for gnuplot.
	cp small.db evil.db
	sqlite3 evil.db "UPDATE process SET name = 'a''b\`touch pwned\`\"<i>&_{x}'"
	"$view" map evil.db -o evil.svg || fail evil.svg
	[ ! -e pwned ] || fail "a program's name was executed"
	grep -q '&lt;i>&amp;_{x}' evil.svg || fail "a program's name is not shown as it is"
	"$view" map small.db -o "it's.svg" || fail "a quote in a name"
	[ -s "it's.svg" ] || fail "a quote in a name: no picture"
	ls | grep -q '\(svg\|png\|pdf\)\.' && fail "something was left behind: $(ls)"
}

# What the end of -o's name says, in every view; the same as --json and --csv, and on the terminal.
forms() {
	for verb in $views; do
		for form in json csv txt; do
			"$view" $verb small.db -o $verb.$form || fail "$verb.$form"
			case $form in
			txt) "$view" $verb small.db >flag ;;
			*) "$view" $verb small.db --$form >flag ;;
			esac
			cmp -s flag $verb.$form || fail "$verb.$form is not what stdout says"
		done
		[ "$(sqlite3 :memory: "SELECT json_valid(readfile('$verb.json'))")" = 1 ] || fail "$verb.json is no JSON"
		"$view" $verb small.db -o $verb.html || fail "$verb.html"
		grep -q "^<h3>$(echo $verb | sed 's/./\u&/'): " $verb.html || fail "$verb.html has no heading"
		grep -q "^</html>" $verb.html || fail "$verb.html does not end"
		grep -q "<table id=\"$verb-" $verb.html || fail "$verb.html has no table"
		if has_picture $verb; then
			grep -q "<figure id=\"$verb-0\">" $verb.html || fail "$verb.html has no picture"
		else
			expect 2 "$verb gives no picture" "$view" $verb small.db -o x.svg
		fi
		expect 2 'must end in' "$view" $verb small.db -o picture.gif
		expect 2 'in another form' "$view" $verb small.db --json -o x.csv
		expect 2 'exist' "$view" $verb small.db -o $verb.html
		# The help says what is to be seen, and its examples run.
		"$view" $verb --help >help || fail "$verb --help"
		sed -n '/^usage/,/^options:/p' help | [ "$(wc -w)" -gt 20 ] || fail "$verb --help says little"
		sed '1,/^examples:/d; s/t\.db/small.db/; s/^  lwview //; s/ -o / -f -o /' help >examples
		[ -s examples ] || fail "$verb --help has no example"
		while read -r words; do
			# shellcheck disable=SC2086 # words
			"$view" $words >out 2>err || fail "lwview $words: $(cat err)"
		done <examples
	done
	"$view" compare other.db small.db -o two.html || fail two.html
	grep -q '<figure id="compare-map-1">' two.html || fail "two.html has no picture"
	"$view" compare other.db small.db -o two.json || fail two.json
	[ "$(sqlite3 :memory: "SELECT json_valid(readfile('two.json'))")" = 1 ] || fail "two.json is no JSON"
	"$view" report small.db -o page.html || fail page.html
	[ -s page.html ] || fail "a page of its own name"
}

refuse() {
	touch there.svg there
	expect 2 'it exists' "$view" map small.db -o there.svg
	expect 2 'it exists' "$view" latency small.db -o new.svg --keep-script there
	expect 2 'must end in' "$view" map small.db -o picture.gif
	expect 2 '--zoom wants' "$view" map small.db --zoom 12
	expect 2 'takes a picture' "$view" map small.db --keep-script x.gp
	expect 2 'take a picture' "$view" compare small.db small.db --view map
	expect 2 'no view of two' "$view" compare small.db small.db --view rss -o x.svg
	expect 2 'unknown option' "$view" report small.db -o page --json
	expect 2 'unknown option' "$view" load t --begin 5
	expect 2 'unknown option' "$view" sql small.db 'SELECT 1' --thread 5
	expect 2 'must end in' "$view" sql small.db 'SELECT 1' -o x.gif
	expect 2 'gives no picture' "$view" check small.db --max-peak 1M -o x.svg
	expect 2 'no heap at these' "$view" map small.db --zoom 100..200
	expect 2 '--over wants' "$view" timeline small.db --over moon
	expect 2 'rss takes no --thread' "$view" rss small.db --thread 42
	expect 2 'usage:' "$view" compare small.db
	expect 2 'compare two' "$view" compare small.db small.db small.db -o x.svg
	expect 2 'usage:' "$view" report small.db
	expect 2 'a file' "$view" report small.db -o there
	expect 3 '^lwview: cannot open database: path="none.db": No such' "$view" map none.db
	expect 3 '^lwview: cannot compare: cannot open database: path="none.db": No such' "$view" compare none.db small.db
	expect 3 '^lwview: cannot compare: cannot open database: path="none.db": No such' "$view" compare small.db none.db
	expect 3 '^lwview: cannot report: cannot open database: path="none.db": No such' "$view" report small.db none.db -o page
	expect 3 '^lwview: cannot compare with the baseline: cannot open' "$view" check small.db --against none.db --max-growth 5%
	expect 3 'cannot read statistics' "$view" report small.db --stat none.json -o page
	echo '{}' >bad.json
	expect 3 'not the output of lwtrace stat' "$view" report small.db --stat bad.json -o page
	[ ! -e page ] || fail "a failed report left its folder"
	sqlite3 empty.db <"$schema"
	for verb in $views; do
		expect 3 'no process' "$view" $verb empty.db
	done
	cp small.db idle.db
	sqlite3 idle.db "DELETE FROM timeline; DELETE FROM latency_hist; DELETE FROM extent;
		DELETE FROM peak; DELETE FROM resident;"
	for verb in map latency timeline rss; do
		expect 3 'idle.db' "$view" $verb idle.db
	done
	mkdir -p bin
	expect 4 'apt install gnuplot' env PATH="$dir/bin" "$view" map small.db -o x.svg
	expect 4 'apt install gnuplot' env PATH="$dir/bin" "$view" report small.db -o page
	[ ! -e page ] || fail "a failed report left its folder"
	printf '#!/bin/sh\necho "\\"x.gp\\" line 3: cannot do that" >&2\nexit 1\n' >bin/gnuplot
	chmod +x bin/gnuplot
	expect 4 'cannot do that' env PATH="$dir/bin" "$view" map small.db -o x.svg
	[ ! -e x.svg ] || fail "a failed gnuplot left a picture"
	# A file may not grow beyond 4 KiB: the disk is full.
	expect 4 'cannot write' sh -c 'trap "" XFSZ; ulimit -f 8; exec "$@"' x "$view" map small.db -o f.svg
	expect 4 'cannot write' sh -c 'trap "" XFSZ; ulimit -f 8; exec "$@"' x "$view" map small.db -o f.gp
	[ ! -e f.svg ] && [ ! -e f.gp ] || fail "a full disk left half a picture"
	mkdir full && touch full/file
	expect 2 'it exists' "$view" report small.db -o full
	[ -w / ] || expect 4 'cannot write' "$view" map small.db -o /x.svg
}

# The map counts the heap's parts from intervals, the loader fact by fact: they agree to the byte.
agree() {
	found=0
	for trace in "$here"/../../traces/good/*/trace; do
		[ -d "$trace" ] || continue
		found=1
		"$view" load -q "$trace" -o t.db -f || fail "load $trace"
		id=$(sqlite3 t.db "SELECT id FROM process ORDER BY facts DESC, id LIMIT 1")
		for at in peak end; do
			order='seq DESC'
			[ $at = peak ] && order='extent DESC, live DESC, seq'
			sqlite3 t.db "SELECT live, slack, headers, tracer,
					CASE WHEN allocator LIKE 'liblw%' THEN pool_free ELSE 0 END,
					CASE WHEN allocator LIKE 'liblw%' THEN deferred ELSE 0 END,
					bins, top, extent
				FROM timeline, process WHERE process = $id AND id = $id
				ORDER BY $order LIMIT 1" | tr '|' '\n' | grep -v '^0$' >want
			"$view" map t.db --at $at --csv | sed '1d; /^H,/d' | cut -d, -f3 | grep -v '^0$' >got
			cmp -s want got || fail "$trace, $at: $(paste -s -d' ' want), map says $(paste -s -d' ' got)"
		done
	done
	[ $found -eq 1 ] || {
		skip "no sample traces here"
	}
}

# No option that changes nothing is taken without a word, whatever the form of the output. What a
# value needs in order to change something is put into the databases first.
effect() {
	echo '{"allocators": [{"name": "liblw", "cpu_s": 1, "wall_s": 1, "peak_rss_kib": 1, "minor_faults": 1}]}' >stat.json
	for db in small other; do
		sqlite3 $db.db "INSERT INTO site (id, process, address, function)
				VALUES (1, 1, 4096, 'here'), (2, 1, 8192, 'there');
			INSERT INTO thread VALUES (1, 43, 1005000, 1007000, 2, 1, 1516, 230, 0);
			INSERT INTO pool (process, address, bytes, object, capacity, offset, tid, begin,
				begin_seq, peak_used) VALUES (1, 0x20000, 1024, 32, 30, 64, 43, 1001000, 2, 3);
			UPDATE pool SET finish = 1009000, finish_seq = 10;
			UPDATE block SET alloc_site = 1, alloc_tid = 43, free_tid = 43 WHERE size IN (12, 500, 2000);
			UPDATE block SET alloc_site = 2 WHERE size IN (12, 16)" || fail "$db.db"
	done
	tried=0
	for verb in $views compare check export folded report; do
		case $verb in
		compare) set -- compare other.db small.db ;;
		check) set -- check small.db --max-leaks 1G --max-p99 1s ;;
		folded) set -- export small.db --folded ;;
		report) set -- report other.db small.db ;;
		*) set -- "$verb" small.db ;;
		esac
		options=$("$view" "$1" --help | sed -n 's/^  -n, --limit.*/limit/p; s/^      --\([a-z-]*\).*/\1/p')
		for form in txt json csv html svg; do
			"$view" "$@" -f -o "without.$form" 2>err || continue # the command has not this form
			for option in $options; do
				case $option in
				json | csv | folded | pid | exit-code | max-leaks | max-p99 | max-latency | against | max-growth) continue ;;
				at | end) value=4us ;;
				begin) value=5us ;;
				thread) value=42 ;;
				min-size | max-size) value=17 ;;
				site) value=here ;;
				rows | limit) value=1 ;;
				zoom) value=10c00..11000 ;;
				over) value=asked ;;
				keep-script) value=script.gp ;;
				view) value=timeline ;;
				stat) value=stat.json ;;
				max-frag) value=99% ;;
				max-*) value=99GiB ;;
				*) fail "what is --$option of $verb to be?" && continue ;;
				esac
				"$view" "$@" "--$option" "$value" -f -o "with.$form" 2>err || continue
				tried=$((tried + 1))
				[ "$option" = keep-script ] && [ -s script.gp ] && continue
				cmp -s "without.$form" "with.$form" &&
					fail "lwview $* --$option $value -o with.$form: changes nothing, and is not refused"
			done
		done
	done
	[ $tried -gt 300 ] || fail "only $tried options were tried"
	expect 2 'takes an output' "$view" sites small.db -f
	expect 2 'takes no --keep-script' "$view" map small.db -o x.gp --keep-script y.gp
	expect 2 'out of range' "$view" timeline small.db --rows 0
}

$part
[ $failures = 0 ]
