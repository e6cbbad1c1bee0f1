#!/bin/sh
# What runs inside the traced program keeps its rule, and its layers point one way: read in the sources.
. "$(dirname "$0")/../lib.sh"
cd "$root/tracer/inside"

for file in *.[ch] below/*.[ch]; do
	[ "$(head -n 1 "$file")" = '/* Runs inside the traced program: no allocation, no stdio. */' ] ||
		fail "$file does not begin with the rule"
	! grep -q '#include <stdio.h>' "$file" || fail "$file uses stdio"
done

# The layers as the header of process.c has them: a number for each name, the lowest at the end.
sed -n "s/^ \*\t\([a-z/, ]*\)  [a-z].*/\1/p" process.c | tr -d ',' |
	awk '{ for (i = 1; i <= NF; i++) print $i, NR }' >"$work/layers"
for file in *.[ch] below/*.[ch]; do
	sed -n 's/^#include "\(tracer\/inside\/\)*\(.*\)\.h".*/\2/p' "$file" |
		awk -v file="$file" '
			function layer(name) {
				if (index(name, "/") || file ~ /^below/ && !(name in rank)) return rank["below/"]
				return rank[name]
			}
			NR == FNR { rank[$1] = $2; next }
			BEGIN { own = file; sub(/\.[ch]$/, "", own) }
			{ mine = file ~ /^below/ ? rank["below/"] : rank[own] }
			$1 ~ /^(traces|liblw)\// || own ~ /^lw_/ || own == $1 { next }
			!layer($1) || layer($1) < mine { print file " includes " $1; bad = 1 }
			END { exit bad }' "$work/layers" - || fail "arrows must point down: $file"
done
ok "the rule and the layers hold in $(ls ./*.[ch] below/*.[ch] | wc -l) files"
