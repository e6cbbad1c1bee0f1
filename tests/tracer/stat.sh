#!/bin/sh
# stat.sh: allocators are compared without tracing.
. "$(dirname "$0")/../lib.sh"
private "$@"
set +e # each sentence is tried

expect "two allocators are compared" 0 "$LWTRACE" stat -q --runs 2 --json figures.json -- "$TOOLS/threads"
equal "each has a row" "$(grep -c '^liblw \|^ptmalloc ' stdout)" 2
equal "the figures are JSON" "$(python3 -c 'import json; f = json.load(open("figures.json")); \
print(f["runs"], *[a["name"] for a in f["allocators"]], all(a["cpu_s"] > 0 and a["peak_rss_kib"] > 0 for a in f["allocators"]))' 2>&1)" \
	"2 ptmalloc liblw True"
printf 'a\nb\nc\n' >input
expect "each run reads the same input" 0 sh -c "'$LWTRACE' stat -q --runs 2 -- sh -c 'test \$(wc -l) = 3' <input"
expect "a program that fails is told" 9 "$LWTRACE" stat -q -- sh -c 'exit 9'
says "with its allocator" 'allocator="ptmalloc", status=9'
