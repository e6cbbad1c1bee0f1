#!/bin/sh
# Records the good sample traces anew:  traces/record.sh BUILD  (after ./run demo: build)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-$here/../build}" && pwd)
cd "$here/programs"
for allocator in liblw ptmalloc; do
	"$build/tracer/lwtrace" record -f --allocator $allocator -o "$here/good/$allocator-lua/trace" -- lua5.4 comb.lua
	"$build/tracer/lwtrace" record -f --allocator $allocator -o "$here/good/$allocator-sqlite/trace" -- \
		sqlite3 -init table.sql :memory: .quit
done
du -sk "$here"/good/*
