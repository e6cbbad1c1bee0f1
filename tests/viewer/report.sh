#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The report page, opened from a file by a real browser: the verdict, every picture and every table
# are there, the numbers are those of `lwview info` and of sqlite3, and nothing asks the network.
#	report.sh LWVIEW
. "$(dirname "$0")/../lib.sh"
set +e # each sentence is tried
here=$(cd "$(dirname "$0")" && pwd)
view=$1
schema=$here/../../viewer/schema.sql
dir=$work

chromium=
for name in chromium chromium-browser google-chrome; do
	[ -n "$chromium" ] || chromium=$(command -v $name)
done
# Ubuntu's is a snap, or a script that calls one, and sees no files of ours.
case $chromium in
"" | /snap/*) unusable=1 ;;
*) unusable=$(grep -c '/snap/' "$chromium") ;;
esac
if [ "$unusable" -ne 0 ]; then
	skip "no chromium outside of a snap"
fi

cat "$schema" "$here/small.sql" | sqlite3 "$dir/new.db" || exit 1
{
	cat "$schema" "$here/small.sql"
	echo "UPDATE process SET allocator = 'ptmalloc', pid = 41, name = 'small<&>', lost = 7, complete = 0;
		INSERT INTO loss VALUES (1, 1004000, 1005000, 7);
		UPDATE extent SET length = 8192 WHERE kind = 'map';
		UPDATE peak SET value = value + 4096 WHERE figure IN ('extent', 'heap');"
} | sqlite3 "$dir/base.db" || exit 1
cat >"$dir/stat.json" <<'JSON'
{"program": "small", "runs": 3, "allocators": [
 {"name": "ptmalloc", "cpu_s": 2.0, "wall_s": 2.5, "peak_rss_kib": 2048, "minor_faults": 100},
 {"name": "liblw", "cpu_s": 1.5, "wall_s": 2.0, "peak_rss_kib": 1024, "minor_faults": 90}]}
JSON
cd "$dir" || exit 1
"$view" report base.db new.db --stat stat.json -o out >/dev/null || fail "no report"
"$view" report base.db new.db --stat stat.json -o again >/dev/null || fail "no second report"
cmp -s out/index.html again/index.html || fail "the page differs from run to run"

# browse PAGE NETLOG: the page's DOM after it was loaded
browse() {
	timeout 120 "$chromium" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--host-resolver-rules='MAP * ~NOTFOUND' --user-data-dir="$dir/profile" \
		--log-net-log="$dir/$2" --dump-dom "file://$dir/$1" 2>chromium.log
}

browse out/index.html net.json >dom.html || fail "chromium: $(tail -3 chromium.log)"

has() {
	grep -q -- "$1" dom.html || fail "the page lacks $1"
}

# Every view has its section for every recording, and what has a picture has it.
for verb in $("$view" --help | sed -n 's/^  \([a-z]*\) .*/\1/p' |
	grep -vx 'load\|sql\|export\|check\|compare\|report'); do
	[ "$(grep -c "^<h3>$(echo "$verb" | sed 's/./\u&/'): " dom.html)" -eq 2 ] || fail "not two sections of $verb"
	for i in 0 1; do
		has "<table id=\"$verb-[a-z]*-$i\">"
		"$view" "$verb" --help | grep -q -- --keep-script && has "<figure id=\"$verb-$i\">"
	done
done
for id in map-split timeline-samples rss-samples latency-operations info-recording info-calls \
	info-figures info-peaks info-end; do
	has "<table id=\"$id-1\">"
done
for id in compare-map-1 compare-timeline-1 compare-latency-1; do
	has "<figure id=\"$id\">"
done
has '<table id="differences-1">'
has '<table id="recordings-0">'
has '<table id="speed-table-0">'
has 'id="definitions"'
[ "$(grep -o '<figure ' dom.html | wc -l)" -eq 11 ] || fail "not 11 figures"
[ "$(grep -o '</svg>' dom.html | wc -l)" -eq 11 ] || fail "not 11 pictures"
grep -q '<p id="verdict">With liblw the heap of small peaks at 12.00 KiB against 16.00 KiB (-25.0 %) with ptmalloc' dom.html || fail "no verdict"
grep -q 'it takes 1.500 s against 2.000 s (-25.0 %)' dom.html || fail "no speed in the verdict"
grep -q 'class="loss"[^>]*>liblw: this is small, the base is small&lt;&amp;&gt;: different programs' dom.html ||
	fail "different programs are compared without a word"
grep -q 'class="loss"[^>]*>ptmalloc: 7 events were lost: figures are "at least"' dom.html || fail "the loss is not told"
has 'small&lt;&amp;&gt;'
grep -q 'small<&>' dom.html && fail "a name is not escaped"

# The ids of the pictures are their own, and every reference finds its id.
grep -o ' id="[^"]*"' out/index.html | sort | uniq -d >twice
[ ! -s twice ] || fail "ids given twice: $(head -3 twice)"

# One figure, three ways.
bytes=$(sqlite3 new.db "SELECT CAST(value AS INTEGER) FROM peak WHERE figure = 'live'")
has "title=\"$bytes\""
"$view" info new.db --json | grep -q "$bytes" || fail "info lacks $bytes"
# Every number that info tells stands on the page.
for number in $("$view" info new.db --json | grep -o ': [0-9]\{3,\}[,}]' | tr -d ': ,}' | sort -u); do
	grep -q "title=\"$number\"" dom.html || fail "the page lacks info's $number"
done

# Nothing is fetched: not by what the page says, and not by what the browser did.
grep -o -i '\(src\|href\)=["'"'"']\?\(https\?:\)\?//[^"'"'"' >]*' out/index.html |
	grep -v 'www.w3.org' && fail "the page names something on the network"
grep -q -i '@import\|url(http\|<script\|<link\|<iframe' out/index.html && fail "the page loads something"
grep -q "default-src 'none'" out/index.html || fail "no content security policy"
# What the browser asks for itself goes to its maker; a page that does ask is seen.
requests() {
	grep -o '"url":"[^"]*"' "$1" | grep -v '"file:\|"data:\|"chrome\|"about:' |
		grep -v '://[a-z0-9.]*\(google\|googleapis\|gvt1\)\.com/'
}
requests net.json && fail "the browser asked the network"
echo '<img src="http://lwview.invalid/x.png">' >asks.html
browse asks.html asks.json >/dev/null
requests asks.json | grep -q lwview.invalid || fail "a request would not have been noticed"
[ $failures = 0 ]
