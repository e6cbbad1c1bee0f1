#!/bin/sh
# lwview under the address and undefined-behaviour sanitizers: sanitized.sh FOLDER  builds it there,
# loads every sample trace, good and bad, and asks every view for text, data and a picture.
. "$(dirname "$0")/../lib.sh"
build=$1
[ -d "$root/traces/good" ] || skip "traces/ was removed"
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Debug -DLW_TRACE=OFF -DLW_BUILD_TESTS=OFF \
	-DLW_SANITIZE=address,undefined >"$work/log" 2>&1 && cmake --build "$build" -j2 >>"$work/log" 2>&1 || {
	tail -n 30 "$work/log" >&2
	fail "the sanitized build fails"
}
lwview=$build/viewer/lwview
# Libraries that lwview uses keep what they allocated until the end: leaks are not asked for.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=0:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1:exitcode=99

# clean COMMAND...: whatever its status, no sanitizer speaks.
clean() {
	code=0
	timeout 60 "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
	if [ $code -ge 99 ] || grep -q -E 'Sanitizer|runtime error' "$work/err"; then
		head -n 40 "$work/err" >&2
		fail "status $code: $*"
	fi
	runs=$((runs + 1))
}
runs=0

for folder in "$root"/traces/good/*/; do
	name=$(basename "$folder")
	clean "$lwview" load "$folder/trace" -o "$work/$name.db"
done
database=$work/liblw-lua.db
base=$work/ptmalloc-lua.db
for view in info sites leaks sizes lifetimes threads pools temporary map latency timeline rss; do
	clean "$lwview" $view "$database"
	clean "$lwview" $view "$database" --json
	clean "$lwview" $view "$database" --csv
	clean "$lwview" $view "$database" -o "$work/$view.svg"
	clean "$lwview" $view "$database" --begin 10% --end 60% --min-size 100
done
clean "$lwview" compare "$base" "$database"
clean "$lwview" compare "$base" "$database" -o "$work/compare.svg"
clean "$lwview" report "$base" "$database" -o "$work/report"
clean "$lwview" check "$database" --max-peak 1M --max-frag 0.9 --max-p99 1ms
clean "$lwview" sql "$database" "SELECT count(*) FROM block"
clean "$lwview" export "$database" --json
ok "$runs commands"

grep -v '^#' "$root/traces/bad/cases" | grep '|' >"$work/cases"
while IFS='|' read -r name commands _; do
	bad=$work/bad
	rm -rf "$bad" "$work/bad.db"
	cp -r "$root/traces/good/liblw-lua/trace" "$bad"
	stream=$(find "$bad" -path '*index*' -prune -o -type f ! -name metadata ! -name '*.json' -size +4k -print | sort | head -1)
	metadata=$(find "$bad" -name metadata | head -1)
	export bad stream metadata
	sh -e -c "$commands"
	clean "$lwview" load "$bad" -o "$work/bad.db"
done <"$work/cases"
ok "$runs commands, bad traces among them"
