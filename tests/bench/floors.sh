#!/bin/sh
# Where real programs spend their CPU time under ptmalloc:  floors.sh DIR LIST
#
# LIST is run.sh's (GROUP NAME COMMAND); only real programs count. Prints, for each, NAME SAMPLES
# ALLOCATOR KERNEL: of SAMPLES of the CPU clock, those inside glibc's malloc functions, and those in
# page faults, in calls that map or unmap memory, and in the release of memory at exit. What is left
# is the program's own; no allocator can win it. Exit 77, and why, where perf cannot see this.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$1
list=$2
data=$dir/perf.data
record="perf record -q -F 3999 -e cpu-clock -g -o $data env LD_PRELOAD=libc.so.6"
trap 'rm -f "$data" "$data.old"' EXIT

# Of one recording: SAMPLES ALLOCATOR KERNEL.
shares() { perf script -i "$data" -F comm,ip,sym,dso 2>/dev/null | awk -f "$here/floor.awk"; }

skip() {
	echo "SKIP the floors: $*"
	exit 77
}

command -v perf >/dev/null || skip "perf is missing (Debian: linux-perf)"
$record "$dir/own" batch-8k >/dev/null 2>"$dir/error" || skip "perf may not sample here: $(head -n 1 "$dir/error")"
# A workload that does nothing but allocate: is the allocator seen, and the kernel below it?
# shellcheck disable=SC2046 # three numbers
set -- $(shares)
[ "$1" -ge 100 ] || skip "perf takes no samples of the CPU clock"
[ $(($3 * 20)) -ge "$1" ] || skip "perf sees no page faults (as root, or with kernel.perf_event_paranoid at most 1)"
[ $((($2 + $3) * 10)) -ge $(($1 * 7)) ] || skip "perf does not know the functions of glibc (Debian: libc6-dbg)"

cd "$dir/in"
while read -r group name command; do
	case $group in real | after) ;; *) continue ;; esac
	set -f
	# shellcheck disable=SC2086 # the commands are lists of words
	case $command in
	"server "*)
		command=${command#server }
		load=${command%% *}
		$record ${command#* } >/dev/null 2>&1 </dev/null &
		"./$load" >/dev/null 2>&1 || true
		wait $! || true
		;;
	*) $record $command >/dev/null 2>&1 </dev/null || true ;;
	esac
	set +f
	# shellcheck disable=SC2046 # three numbers
	set -- $(shares)
	[ "${1:-0}" -lt 50 ] || echo "$name $1 $2 $3"
done <"$list"
