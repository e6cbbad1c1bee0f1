#!/bin/sh
# daemon.sh: a session daemon of our own is shared, and ended by the last who uses it.
. "$(dirname "$0")/../lib.sh"
private "$@"
set +e # each sentence is tried

alive() {
	pid=$(cat "$daemon" 2>/dev/null)
	if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then echo yes; else echo no; fi
}

"$LWTRACE" record -q -o first -- sleep 1.5 &
first=$!
children=$first
sleep 0.8
"$LWTRACE" record -q -o second -- sleep 2 &
second=$!
children="$first $second"
wait $first
equal "the first recording is well" $? 0
equal "its daemon lives on for the second" "$(alive)" yes
wait $second
equal "the second recording is well" $? 0
equal "the last one ends the daemon" "$(alive)" no

lttng-sessiond --daemonize --no-kernel 2>/dev/null
expect "a daemon that runs already is used" 0 "$LWTRACE" record -q -o third -- true
equal "and not ended" "$(alive)" yes
equal "and left without a session of ours" "$(lttng list 2>/dev/null | grep -c lwtrace-)" 0
kill "$(cat "$daemon")"
for i in 1 2 3 4 5 6 7 8 9 10; do
	[ "$(alive)" = no ] || sleep 0.3
done
