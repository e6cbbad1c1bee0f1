#!/bin/sh
# status.sh: the program runs as if nobody looked: status, output, input, signals.
. "$(dirname "$0")/../lib.sh"
private "$@"
set +e # each sentence is tried

record="$LWTRACE record -q -f -o trace --allocator ptmalloc"

expect "an exit status is passed on" 7 $record -- sh -c 'exit 7'
expect "a signal is 128 + n" 137 $record -- sh -c 'kill -9 $$'
expect "a crash is recorded" 139 $record -- sh -c 'kill -SEGV $$'
equal "up to its end" "$(test -s trace/lwtrace.json && echo yes)" yes
equal "lwtrace.json names the format" "$(sed -n 's/.*"format": \([0-9]*\),/\1/p' trace/lwtrace.json)" \
	"$(sed -n 's/#define LW_TRACE_FORMAT //p' "$root/traces/format/version.h")"
pid=$(sed -n 's/^  "pid": \([0-9]*\),/\1/p' trace/lwtrace.json)
equal "and the program's pid" "$(ls trace/ust/pid | grep -c "^sh-$pid-")" 1

echo input | $record -- cat >copy 2>/dev/null
equal "input and output are the program's" "$(cat copy)" input

expect "what lwtrace says is on stderr" 0 "$LWTRACE" record -f -o trace -- true
equal "and not on stdout" "$(wc -c <stdout)" 0
equal "it names the pid" "$(grep -c 'pid [0-9]*, true' stderr)" 1
equal "it names the next command" "$(grep -c 'lwview load trace' stderr)" 1

# A signal sent to lwtrace alone reaches the program, and the trace is closed all the same.
"$LWTRACE" record -q -f -o trace -- sleep 30 &
lwtrace=$!
children=$lwtrace
sleep 1.5
kill -TERM $lwtrace
wait $lwtrace
equal "a signal is passed on" $? 143
equal "and the trace is complete" "$(babeltrace2 trace 2>/dev/null | grep -c 'lw:process')" 1

expect "a time limit ends the recording, not the program" 3 \
	"$LWTRACE" record -q -f -o trace --max-time 300ms -- sh -c 'sleep 1; exit 3'
expect "a size limit ends the recording, not the program" 4 \
	"$LWTRACE" record -q -f -o trace --max-size 1K -- sh -c 'sleep 1; ls / >/dev/null; exit 4'
expect "descendants are followed on demand" 0 \
	"$LWTRACE" record -q -f -o trace --follow -- sh -c '(sleep 0.7; ls /) & exit 0'
equal "and recorded" "$(ls trace/ust/pid | grep -c '^ls-')" 1

# A daemonising program that closes all its files.
expect "a program that closes all its files is recorded" 0 "$LWTRACE" record -q -f -o trace -- "$TOOLS/closer"
recorded trace >have
equal "to its end" "$(sed 's/allocs=\([0-9]*\).*/\1/' have | awk '$1 >= 100' | wc -l | tr -d ' ')" 1

expect "a child made by clone() ends, and its status is seen" 3 $record -- "$TOOLS/clones"
recorded trace >have
equal "it is recorded as a process of its own" "$(grep -c 'allocs=50 frees=25' have)" 1
