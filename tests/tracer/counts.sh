#!/bin/sh
# counts.sh ALLOCATOR: each allocation and free of a program is in the trace exactly once, and in the
# order of effect times no block is handed out twice.
allocator=$1
. "$(dirname "$0")/../lib.sh"
private "$@"
set +e # each sentence is tried

case $allocator in
*.so*) PATH=$PATH:/usr/sbin:/sbin ldconfig -p | grep -q "$allocator" || skip "$allocator is not installed" ;;
esac

same_counts() {
	name=$1 status=$2
	shift 2
	expect "$name under $allocator is recorded" "$status" \
		"$LWTRACE" record -q --strict -f -o trace --allocator "$allocator" -- "$@"
	recorded trace >have
	counted "$@" >want
	case $allocator in
	*.so*) ;; # such allocators make blocks for themselves, too
	*) equal "$name: counts equal the independent counter's" "$(cat have)" "$(cat want)" ;;
	esac
	equal "$name: no block is handed out twice" "$(grep -vc 'twice=0' replayed)" 0
	equal "$name: each process image begins with lw:process" "$(grep -vc 'processes=1' replayed)" 0
}

same_counts "a single thread" 0 "$TOOLS/family"
equal "what is freed was allocated" "$(grep -vc 'unknown=0' replayed)" 0
same_counts "four threads" 0 "$TOOLS/threads"
equal "what is freed was allocated, by whichever thread" "$(grep -vc 'unknown=0' replayed)" 0
same_counts "a forking and exec'ing program" 5 "$TOOLS/forks"
# A shell's own counts depend on how many variables are set: not compared.
same_counts "a program of this machine" 0 ls -l /
