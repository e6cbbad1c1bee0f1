#!/bin/sh
# The sample traces hold what is written beside them, and the bad ones are told apart.
#
# traces/good/NAME/expect.txt: prose in lines with #, and statements `VALUE = QUERY` that SQL asks
# of the loaded trace. traces/bad/cases: NAME | COMMANDS | STATUS | WORDS: the commands make a bad
# trace of a good one (copied to $bad), lwview must leave with STATUS and say WORDS.
. "$(dirname "$0")/../lib.sh"
need sqlite3
lwview=${LW_BUILD:-$root/build}/viewer/lwview
[ -d "$root/traces/good" ] || skip "traces/ was removed"

for folder in "$root"/traces/good/*/; do
	name=$(basename "$folder")
	"$lwview" load "$folder/trace" -o "$work/$name.db" 2>"$work/err" || fail "$name: $(cat "$work/err")"
	[ -s "$folder/expect.txt" ] || fail "$name has no expect.txt"
	grep -v '^#' "$folder/expect.txt" | grep ' = ' >"$work/statements"
	while IFS= read -r line; do
		value=${line%% = *}
		query=${line#* = }
		equal "$name: $query" "$value" "$(sqlite3 "$work/$name.db" "$query")"
	done <"$work/statements"
	for view in info map latency timeline; do
		"$lwview" $view "$work/$name.db" >"$work/out" 2>"$work/err" || fail "$name: $view: $(cat "$work/err")"
		[ -s "$work/out" ] || fail "$name: $view prints nothing"
	done
done

grep -v '^#' "$root/traces/bad/cases" | grep '|' >"$work/cases"
while IFS='|' read -r name commands status words; do
	name=$(echo "$name" | tr -d ' ')
	status=$(echo "$status" | tr -d ' ')
	words=$(echo "$words" | sed 's/^ *//; s/ *$//')
	bad=$work/bad
	rm -rf "$bad" "$work/bad.db"
	cp -r "$root/traces/good/liblw-lua/trace" "$bad"
	stream=$(find "$bad" -path '*index*' -prune -o -type f ! -name metadata ! -name '*.json' -size +4k -print | sort | head -1)
	metadata=$(find "$bad" -name metadata | head -1)
	export bad stream metadata
	sh -e -c "$commands" || fail "$name: cannot make it"
	code=0
	timeout 60 "$lwview" load "$bad" -o "$work/bad.db" >"$work/out" 2>"$work/err" </dev/null || code=$?
	[ $code = "$status" ] || fail "$name: status $code, not $status: $(head -n 3 "$work/err")"
	grep -q -i -e "$words" "$work/err" || fail "$name: \"$words\" is not said: $(head -n 5 "$work/err")"
	ok "bad $name: $(tail -n 1 "$work/err")"
done <"$work/cases"
