#!/bin/sh
# attach.sh: a program that runs already is recorded from now on, with the blocks it has.
. "$(dirname "$0")/../lib.sh"
private "$@"
set +e # each sentence is tried

start() {
	rm -f ready
	env $("$LWTRACE" env --allocator "$1") LTTNG_UST_REGISTER_TIMEOUT=0 "$TOOLS/slow" >ready &
	program=$!
	children="$children $program"
	for i in 1 2 3 4 5 6 7 8 9 10; do
		[ -s ready ] || sleep 0.2
	done
}

start liblw
expect "a program under liblw is recorded while it runs" 0 "$LWTRACE" attach -o trace --max-time 1.5s $program
babeltrace2 --no-delta trace >text
live=$(grep -c ' lw:live: ' text)
equal "its blocks are listed" "$([ "$live" -ge 1000 ] && echo yes)" yes
equal "and counted at the list's end" "$(sed -n 's/.*lw:live_end.*blocks = \([0-9]*\).*/\1/p' text)" "$live"
equal "lw:process comes first" "$(grep -m1 -o ' lw:[a-z_]*' text)" " lw:process"
equal "what it does now is recorded" "$([ "$(grep -c ' lw:free: ' text)" -ge 100 ] && echo yes)" yes
kill $program
wait $program 2>/dev/null

start ptmalloc
expect "so is one under another allocator" 0 "$LWTRACE" attach -f -o trace --max-time 1s $program
equal "whose old blocks stay unsaid" "$(babeltrace2 trace | grep -c ' lw:live')" 0
kill $program
wait $program 2>/dev/null

sleep 20 &
children="$children $!"
expect "a program without our library is refused" 125 "$LWTRACE" attach -o other $!
says "and the way is told" 'lwtrace env'
kill $!
wait $! 2>/dev/null
expect "a process that is not there is refused" 125 "$LWTRACE" attach -o other 999999999
says "and is named" 'pid=999999999'
