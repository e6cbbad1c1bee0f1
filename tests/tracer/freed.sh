#!/bin/sh
# freed.sh: the traced library names the caller of the first free; the plain one does not.
. "$(dirname "$0")/../lib.sh"
private "$@"
set +e # each sentence is tried
traced=$LIBRARIES/liblw-trace.so
plain=$LIBRARIES/../liblw/liblw.so
ulimit -c 0

# twice LIBRARY SIZE HOW FREES: what it says goes to `said`, its addresses to $block, $first ...
twice() {
	library=$1
	shift
	LD_PRELOAD=$library LW_TRACE=0 "$TOOLS/twice" "$@" >places 2>said
	equal "$*: it aborts" $? 134
	sed -i '/^Aborted/d' said # the shell's word
	eval "$(cat places)"
	told=$(sed -n '1s/^liblw: .*address=0x0*\([0-9a-f]*\)$/0x\1/p' said)
	equal "$*: the first line names the block" "$told" "$block"
}

# names_first WHAT: the second line, the last one, names an address between $first and $end.
names_first() {
	equal "$1: two lines" "$(wc -l <said)" 2
	caller=$(sed -n '2s/^liblw: first freed by: caller=\(0x[0-9a-f]*\) (.*/\1/p' said)
	[ -n "$caller" ] && [ $((caller)) -gt $((first)) ] && [ $((caller)) -le $((end)) ]
	equal "$1: the second names who freed first" $? 0
	offset=$(printf '0x%x' $((caller - base)))
	equal "$1: and where in which file" "$(sed -n '2s/.*(\(.*\))$/\1/p' said)" "$TOOLS/twice+$offset"
}

for how in "40 here 0" "40 here 1" "40 here 100" "5000 here 0" "5000 here 20" "5000 there 0" \
	"300000 here 0" "5000 realloc 0" "40 realloc 5"; do
	# shellcheck disable=SC2086
	twice "$traced" $how
	names_first "$how"
	# shellcheck disable=SC2086
	twice "$plain" $how
	equal "$how: one line without tracing" "$(wc -l <said)" 1
done

# What was freed, handed out again and freed twice then: the free from before is forgotten.
for size in 40 5000; do
	twice "$traced" $size reused 0
	caller=$(sed -n '2s/^liblw: first freed by: caller=\(0x[0-9a-f]*\) (.*/\1/p' said)
	equal "$size reused: who freed it is named" "${caller:+yes}" yes
	[ $((caller)) -le $((first)) ] || [ $((caller)) -gt $((end)) ]
	equal "$size reused: and not the free from before" $? 0
done
