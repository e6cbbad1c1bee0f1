#!/bin/sh
# help.sh: help asked for is on stdout with status 0; wrong use is one line on stderr with 125.
. "$(dirname "$0")/../lib.sh"
private "$@"
set +e # each sentence is tried

expect "lwtrace --help" 0 "$LWTRACE" --help
for command in $(awk '/^commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' stdout); do
	expect "lwtrace $command --help" 0 "$LWTRACE" "$command" --help
	equal "says how it is used" "$(grep -c "^usage: lwtrace $command" stdout)" 1
	equal "and nothing on stderr" "$(wc -c <stderr)" 0
	expect "an unknown option of $command is refused" 125 "$LWTRACE" "$command" --nonsense
	says "in one line" 'unknown option: option="--nonsense"'
done
expect "--version" 0 "$LWTRACE" --version
equal "is one line" "$(grep -c '^lwtrace [0-9]' stdout)" 1
expect "an unknown command is refused" 125 "$LWTRACE" nonsense
says "in one line" 'unknown command'
expect "an option without effect is refused" 125 "$LWTRACE" record --plain -- true
says "in one line" 'unknown option: option="--plain"'
expect "and one that streaming makes useless" 125 "$LWTRACE" record --to net://x --strict -- true
says "in one line" 'goes without'
expect "a value that is missing is refused" 125 "$LWTRACE" record --max-size
says "in one line" 'needs a value'
expect "a value that is none is refused" 125 "$LWTRACE" record --max-size much -- true
says "in one line" 'cannot understand value: option="--max-size"'

expect "the doctor finds this machine well" 0 "$LWTRACE" doctor
expect "the environment is printed" 0 "$LWTRACE" env --allocator ptmalloc
equal "as assignments" "$(grep -vc '^[A-Z_]*=' stdout)" 0
