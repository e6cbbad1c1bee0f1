#!/bin/sh
# The table of the trace format is what a trace, a database and the page lw-trace(5) say, and a trace
# of a newer format is refused. Arguments: lwview, generate, the page.
. "$(dirname "$0")/../lib.sh"
lwview=$1 generate=$2 page=$3
format=$root/traces/format
cd "$work"

# The table, read without the compiler.
sed -n 's/^\(EVENT\|SAME\)([A-Z_]*, *\([a-z_]*\),.*/lw:\2/p' "$format/events.h" | sort >events
awk -F'[(,"]' '/^BITS/ { exit } /^WORDS/ { class = $2 }
	/^\tCODE/ { gsub(/ /, ""); print class, $2, $4 }' "$format/events.h" | sort >words

"$generate" t 100 >truth
"$generate" new 100 2000 99 >truth
grep -o 'name = "lw:[a-z_]*"' new/metadata | cut -d'"' -f2 | sort >written
same "what can be written, from the events of the table," events written
"$lwview" load -q t -o t.db
sqlite3 -separator ' ' t.db "SELECT * FROM word" | sort >stored
same "the words of a database, from those of the table," words stored

sed -n 's/^\.Ss \(lw:.*\)/\1/p' "$page" | sort >described
same "what the page describes, from the events of the table," events described
sed -n '/^\.Sh WORDS/,/^\.Ss flag/{s/^\.Ss //p; s/^\.It //p;}' "$page" |
	awk 'NF == 1 { class = $1; next } { print class, $1, $2 }' | sort >explained
same "what the page explains, from the words of the table," words explained
ok "$(wc -l <events) events and $(wc -l <words) words stand in a trace, in a database and in the page"
if command -v mandoc >/dev/null; then
	mandoc -Tlint "$page" 2>&1 | grep -v 'referenced manual not found\|outdated mandoc.db' >complaints || true
	[ ! -s complaints ] || fail "mandoc complains: $(head -n 3 complaints)"
fi

refuses "a newer format is refused" 3 'newer format.*format=99, known=[0-9]*$' "$lwview" load new -o new.db
[ ! -e new.db ] || fail "a database of it is left"
