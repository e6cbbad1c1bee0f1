#!/bin/sh
# losses.sh: facts that do not fit are counted, to the last one.
SHM_SIZE=16M
. "$(dirname "$0")/../lib.sh"
private "$@"
set +e # each sentence is tried
[ "$(id -u)" = 0 ] || skip "needs a small /dev/shm, which only root can make"

for i in 1 2 3; do
	expect "a burst is recorded through small buffers" 0 \
		"$LWTRACE" record -f -o trace --allocator ptmalloc -- "$TOOLS/burst"
	lost=$(sed -n 's/.*facts .*lost \([0-9]*\)$/\1/p' stderr)
	[ "$lost" = 0 ] || break
done
[ "$lost" != 0 ] || skip "this machine lost nothing"
equal "the loss is told as a warning" "$(grep -c "$lost facts were lost" stderr)" 1
facts=$(sed -n 's/.*facts \( *\)\([0-9]*\), lost.*/\2/p' stderr)
equal "facts are counted as babeltrace2 counts them" "$facts" "$(babeltrace2 trace 2>/dev/null | grep -c ' lw:')"

mount -o remount,size=1M /dev/shm
expect "too small a /dev/shm is refused" 125 "$LWTRACE" record -q -f -o trace -- true
says "and the way out is told" 'remount'
