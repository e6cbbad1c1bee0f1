#!/bin/sh
# Records the good sample traces anew:  traces/record.sh [BUILD]   (root; default: ../build)
#
# In a small /dev/shm, as a board has it: the buffers are small, so that each stream has several
# packets and a truncated one still has something to load.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-$here/../build}" && pwd)
if [ "${2:-}" != inside ]; then
	exec unshare --mount --uts --propagation private "$0" "$build" inside
fi
hostname board
mount -t tmpfs -o size=6m shm /dev/shm
mount -t tmpfs run /run
cd "$here/programs"
for allocator in liblw ptmalloc; do
	mkdir -p "$here/good/$allocator-lua" "$here/good/$allocator-sqlite"
	"$build/tracer/lwtrace" record -f --allocator $allocator -o "$here/good/$allocator-lua/trace" -- \
		lua5.4 comb.lua
	"$build/tracer/lwtrace" record -f --allocator $allocator -o "$here/good/$allocator-sqlite/trace" -- \
		sqlite3 -init table.sql :memory: .quit
done
du -sk "$here"/good/*
