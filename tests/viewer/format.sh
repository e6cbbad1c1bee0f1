#!/bin/sh
# The table of the trace format is what a trace, a database and the page lw-trace(5) say, and a trace
# of a newer format is refused. Arguments: lwview, generate, the root of the sources, the page.
set -u
lwview=$1 generate=$2 format=$3/traces/format page=$4
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

# equal "sentence" FILE FILE: the same lines, and some.
equal() {
	if [ ! -s "$dir/$2" ] || ! diff "$dir/$2" "$dir/$3"; then
		echo "FAILED: $1"
		failed=1
	fi
}

# Found by other means than the compiler's and the page's.
sed -n 's/^\(EVENT\|SAME\)([A-Z_]*, *\([a-z_]*\),.*/lw:\2/p' "$format/events.h" | sort >"$dir/events"
awk -F'[(,"]' '/^BITS/ { exit } /^WORDS/ { class = $2 }
	/^\tCODE/ { gsub(/ /, ""); print class, $2, $4 }' "$format/events.h" | sort >"$dir/words"

"$generate" "$dir/t" 100 >"$dir/truth" && "$generate" "$dir/new" 100 2000 99 >"$dir/truth" || exit 1
grep -o 'name = "lw:[a-z_]*"' "$dir/new/metadata" | cut -d'"' -f2 | sort >"$dir/written"
equal "each event can be written" events written
"$lwview" load -q "$dir/t" -o "$dir/t.db" || failed=1
"$lwview" sql "$dir/t.db" "SELECT class || ' ' || code || ' ' || name FROM word" --csv | tail -n +2 |
	tr -d '"' | sort >"$dir/stored"
equal "each word is in the database" words stored

sed -n 's/^\.Ss \(lw:.*\)/\1/p' "$page" | sort >"$dir/described"
equal "each event is in the page" events described
sed -n '/^\.Sh WORDS/,/^\.Ss flag/{s/^\.Ss //p; s/^\.It //p;}' "$page" |
	awk 'NF == 1 { class = $1; next } { print class, $1, $2 }' | sort >"$dir/explained"
equal "each word is in the page" words explained
if command -v mandoc >/dev/null; then
	mandoc -Tlint "$page" 2>&1 | grep -v 'referenced manual not found\|outdated mandoc.db' && failed=1
fi

"$lwview" load "$dir/new" -o "$dir/new.db" 2>"$dir/err"
[ $? = 3 ] && [ "$(wc -l <"$dir/err")" = 1 ] && grep -q 'newer format.*format=99, known=[0-9]*$' "$dir/err" &&
	[ ! -e "$dir/new.db" ] || {
	echo "FAILED: a newer format is refused by its number, in a sentence"
	cat "$dir/err"
	failed=1
}
exit $failed
