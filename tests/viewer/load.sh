#!/bin/sh
# SPDX-License-Identifier: MIT
# lwview load: good traces, damaged ones, wrong usage. Arguments: lwview, generate.
. "$(dirname "$0")/../lib.sh"
set +e # each sentence is tried
lwview=$1 generate=$2
dir=$work

# expect "sentence" STATUS "part of the message" COMMAND...: one sentence on stderr, and the status.
expect() {
	what=$1 want=$2 words=$3
	shift 3
	timeout 60 "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ "$got" = "$want" ] || fail "$what: status $got, not $want: $(cat "$dir/err")"
	grep -qF "$words" "$dir/err" || fail "$what: no \"$words\" in: $(cat "$dir/err")"
	[ "$(grep -vc 'facts of' "$dir/err")" -le 1 ] || fail "$what: more than one sentence"
}

# same "sentence" EXPECTED SQL
same() {
	got=$("$lwview" sql "$dir/t.db" "$3" --csv | tail -n +2)
	[ "$got" = "$2" ] || fail "$1: $got, not $2"
}

value() { # of the generator's JSON
	sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$dir/truth"
}

"$generate" "$dir/t/ust/pid/made-up-4711-20261122" 60000 >"$dir/truth" || fail "generate"

# --- good traces
expect "a trace is loaded" 0 "0 lost" "$lwview" load "$dir/t" -o "$dir/t.db"
same "every fact is there" "$(value facts)" "SELECT facts FROM process"
same "live bytes at the end" "$(value live)" \
	"SELECT sum(size) FROM block WHERE death_seq IS NULL"
same "usable bytes at the end" "$(value usable)" \
	"SELECT sum(usable) FROM block WHERE death_seq IS NULL"
same "live blocks at the end" "$(value blocks)" "SELECT sum(blocks) FROM leaks"
same "the peak of live bytes" "$(value peak_live)" \
	"SELECT CAST(value AS INTEGER) FROM peak WHERE figure = 'live'"
same "the extent at the end" "$(value extent)" \
	"SELECT extent FROM timeline ORDER BY seq DESC LIMIT 1"
same "the peak of the extent" "$(value peak_extent)" \
	"SELECT CAST(value AS INTEGER) FROM peak WHERE figure = 'extent'"
same "bytes asked for" "$(value asked)" "SELECT max(asked) FROM timeline"
same "no contradiction" 0 "SELECT violations FROM process"
same "the parts sum to the extent everywhere" 0 \
	"SELECT count(*) FROM timeline WHERE extent <> live + slack + tracer + headers
	 + pool_free + deferred + bins + top"
same "the intervals of the extent sum to it too" "$(value extent)" \
	"SELECT sum(length) FROM extent WHERE finish_seq IS NULL"
cp "$dir/t.db" "$dir/first.db"
expect "the same trace is loaded again" 0 "" "$lwview" load "$dir/t" -o "$dir/t.db" -f
cmp -s "$dir/t.db" "$dir/first.db" || fail "the same trace gives the same database"
(cd "$dir" && ln -s t.db heap-link && "$lwview" load t -q 2>&1) >"$dir/out" || fail "default name"
[ -s "$dir/heap.db" ] || fail "the default output is heap.db"
[ ! -s "$dir/out" ] || fail "-q is quiet: $(cat "$dir/out")"
expect "several hosts below one folder" 0 "of 2 processes" sh -c '
	mkdir -p "$1/hosts/a" "$1/hosts/b" && cp -r "$1/t" "$1/hosts/a/s" &&
	"$3" "$1/hosts/b/s/ust/pid/other-1-x" 500 >/dev/null &&
	sed -i "s/board/boar2/" "$1/hosts/b/s/ust/pid/other-1-x/metadata" &&
	"$2" load "$1/hosts" -o "$1/hosts.db"' sh "$dir" "$lwview" "$generate"

# --- wrong usage
expect "no operand" 2 "usage" "$lwview" load
expect "an existing output" 2 "use -f" "$lwview" load "$dir/t" -o "$dir/t.db"
expect "an output that is a folder" 2 "folder" "$lwview" load "$dir/t" -o "$dir" -f
expect "a path that is not there" 3 "No such file" "$lwview" load "$dir/nope" -o "$dir/x.db"
mkdir "$dir/empty"
expect "an empty folder" 3 "no trace in folder" "$lwview" load "$dir/empty" -o "$dir/x.db"
expect "a file" 3 "not a trace" "$lwview" load "$dir/t.db" -o "$dir/x.db"
mkdir "$dir/odd" && echo hello >"$dir/odd/metadata"
expect "a folder that is no trace" 3 "metadata is damaged" "$lwview" load "$dir/odd" -o "$dir/x.db"
expect "an output that cannot be written" 4 "cannot write" \
	"$lwview" load "$dir/t" -o "$dir/nope/x.db"
if [ "$(id -u)" != 0 ]; then
	mkdir "$dir/closed" && chmod 0 "$dir/closed"
	expect "an unreadable folder" 3 "Permission denied" "$lwview" load "$dir/closed" -o "$dir/x.db"
	chmod 700 "$dir/closed"
fi
[ ! -e "$dir/x.db" ] || fail "a failed load leaves no database"

# --- damaged traces: what is whole is loaded, the status says that it is not all
damage() { # NAME: a fresh copy of the trace
	rm -rf "$dir/d" "$dir/d.db"
	mkdir "$dir/d"
	cp -r "$dir/t/ust/pid"/* "$dir/d/t"
}
damage && truncate -s 300000 "$dir/d/t/ch_0"
expect "a cut stream" 3 "damaged" "$lwview" load "$dir/d" -o "$dir/d.db"
[ -s "$dir/d.db" ] || fail "what is whole of a cut trace is kept"
expect "a cut stream that is allowed" 0 "damaged" \
	"$lwview" load "$dir/d" -o "$dir/d.db" -f --allow-loss
"$lwview" info "$dir/d.db" | grep -q 'no: figures are "at least"' || fail "info says incomplete"
damage && truncate -s +100000 "$dir/d/t/ch_0"
expect "a tail of zeros" 3 "damaged" "$lwview" load "$dir/d" -o "$dir/d.db"
damage && truncate -s 1000 "$dir/d/t/metadata"
expect "metadata shorter than a packet ends" 3 "metadata" "$lwview" load "$dir/d" -o "$dir/d.db"
damage && truncate -s 4000 "$dir/d/t/metadata"
expect "metadata that lacks some events" 3 "cannot read all of trace" \
	"$lwview" load "$dir/d" -o "$dir/d.db"
damage && : >"$dir/d/t/metadata"
expect "empty metadata" 3 "metadata" "$lwview" load "$dir/d" -o "$dir/d.db"
damage && printf junk | dd of="$dir/d/t/ch_0" conv=notrunc bs=65536 seek=2 2>/dev/null
expect "a bad magic number" 3 "magic" "$lwview" load "$dir/d" -o "$dir/d.db"
damage && cp -r "$dir/d/t" "$dir/d/u" && : >"$dir/d/u/metadata"
expect "one bad trace of two" 3 "" "$lwview" load "$dir/d" -o "$dir/d.db"
[ -s "$dir/d.db" ] || fail "one bad trace does not hide the other"

# --- a full disk: only root can make one
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	mkdir "$dir/full"
	expect "a full disk" 4 "cannot write" unshare -m sh -c '
		mount -t tmpfs -o size=200k none "$1/full" || exit 4
		"$2" load "$1/t" -o "$1/full/x.db"
		status=$?
		[ -z "$(ls -A "$1/full")" ] || echo "lwview: files are left" >&2
		exit $status' sh "$dir" "$lwview"
fi

# --- nothing is left behind
ls -A "$dir" | grep -E 'tmp$|lwview' && fail "temporary files are left"
"$generate" "$dir/big/t" 400000 >/dev/null
"$lwview" load "$dir/big" -o "$dir/big.db" 2>/dev/null &
pid=$!
sleep 0.3
kill -TERM $pid 2>/dev/null
wait $pid
status=$?
if [ -e "$dir/big.db" ]; then
	[ $status = 0 ] || fail "an interrupted load leaves a database"
else
	[ $status = 4 ] || fail "an interrupted load ends with $status"
fi
ls -A "$dir" | grep -E 'tmp$|lwview' && fail "an interrupted load leaves temporary files"
[ $failures = 0 ]
