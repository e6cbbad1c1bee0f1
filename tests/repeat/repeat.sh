#!/bin/sh
# Does a test fail by chance?  repeat.sh [-n TIMES] BUILD [REGEX]     (./run test-repeat)
#
# Each test of BUILD, or each whose name matches REGEX, runs TIMES times (50) while a busy loop on each
# processor takes the machine from it. It says which failed and how often; what a failing round said is
# kept in BUILD/repeat. Status 1 when one failed.
. "$(dirname "$0")/../lib.sh"
times=50
while getopts n: option; do
	case $option in
	n) times=$OPTARG ;;
	*) fail "usage: repeat.sh [-n TIMES] BUILD [REGEX]" ;;
	esac
done
shift $((OPTIND - 1))
build=$(cd "$1" && pwd)
regex=${2:-.}
case $times in '' | *[!0-9]* | 0) fail "not a number of times: $times" ;; esac
rm -rf "$build/repeat"
mkdir "$build/repeat"

for processor in $(seq "$(nproc)"); do
	sh -c 'while :; do :; done' "$processor" &
	children="$children $!"
done
round=0
while [ $round -lt "$times" ]; do
	round=$((round + 1))
	log=$build/repeat/round-$round
	code=0
	(cd "$build" && ctest -j "$(nproc)" -R "$regex" --output-on-failure --no-tests=error) >"$log" 2>&1 || code=$?
	grep -q ' tests passed' "$log" || fail "ctest, status $code: $(tail -n 3 "$log")"
	sed -n 's/^ *[0-9]*\/[0-9]* *Test *#[0-9]*: *\([^ ]*\) .*\*\*\*\([A-Za-z ]*[a-z]\).*/\1 \2/p' "$log" |
		grep -v ' Skipped$' >"$work/failed" || true
	sed 's/ .*//' "$work/failed" >>"$work/all"
	sed "s/^/round $round: /" "$work/failed"
	[ -s "$work/failed" ] || rm "$log"
done
tests=$(cd "$build" && ctest -N -R "$regex" | sed -n 's/^Total Tests: //p')
echo "$tests tests, each $times times beside $(nproc) busy loops"
if [ -s "$work/all" ]; then
	sort "$work/all" | uniq -c | sort -rn | while read -r count name; do
		echo "$name: failed $count of $times times; see $build/repeat"
	done
	exit 1
fi
ok "none failed"
