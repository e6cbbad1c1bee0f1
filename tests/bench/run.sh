#!/bin/sh
# Benchmarks allocators against ptmalloc:  tests/bench/run.sh [OPTIONS] LIB.so...
#
#   -q          only our own workloads (about two minutes for two libraries)
#   -r ROUNDS   rounds, interleaved; the median counts (default 3)
#   -w REGEX    only the workloads whose name matches
#   -o FILE     write the report as Markdown to FILE, too
#   -d DIR      folder for programs and inputs (default build/bench)
#
# Every round runs each workload under ptmalloc (glibc itself preloaded, so that a program that
# brings another allocator uses glibc's here) and then under each LIB. CPU is user + system time,
# RSS the peak, both from wait4. `all` is the geometric mean of the seven groups' means and the
# real programs; `real` that of the real programs. Lower is better.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rounds=3
quick=''
pick=.
report=''
dir=$here/../../build/bench
while getopts qr:w:o:d: option; do
	case $option in
	q) quick=1 ;;
	r) rounds=$OPTARG ;;
	w) pick=$OPTARG ;;
	o) report=$OPTARG ;;
	d) dir=$OPTARG ;;
	*) sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
export PATH="$dir:$PATH"
cc -O2 -g -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free -pthread \
	-o "$dir/own" "$here/own.c"
cc -O2 -o "$dir/measure" "$here/measure.c"
if [ -z "$quick" ] && { [ ! -e "$dir/in/done" ] ||
	[ -n "$(find "$here/inputs.sh" "$here/real" -newer "$dir/in/done")" ]; }; then
	sh "$here/inputs.sh" "$dir/in"
	touch "$dir/in/done"
fi
mkdir -p "$dir/in"
cc1=$(cc -print-prog-name=cc1)
samples=$dir/samples
: >"$samples"

# GROUP NAME COMMAND of every workload, one a line.
list() {
	"$dir/own" --list | while read -r group name; do echo "$group $name ../own $name"; done
	[ -n "$quick" ] || sed -n "s#^\([a-z0-9]*\) *| #real \1 #p" "$here/workloads" | sed "s# cc1 -quiet# $cc1 -quiet#"
}

# measure_one LIB WORDS...: one line of figures.
measure_one() {
	library=$1
	shift
	case $1 in
	server) load=$2; shift 2; measure --server "./$load" "$library" "$@" ;;
	*) measure "$library" "$@" ;;
	esac
}

list | awk -v pick="$pick" '$2 ~ pick' >"$dir/list"
round=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	while read -r group name command; do
		for library in libc.so.6 "$@"; do
			case $library in
			libc.so.6) label=ptmalloc ;;
			*/*) label=${library##*/}; library=$(cd "$(dirname "$library")" && pwd)/$label ;;
			*) label=$library ;;
			esac
			label=${label%%.so*}
			set -f
			# shellcheck disable=SC2086 # the command is a list of words
			figures=$(cd "$dir/in" && measure_one "$library" $command 2>"$dir/error") ||
				echo "bench: $name under $label failed: $(head -c 300 "$dir/error")" >&2
			set +f
			[ -z "$figures" ] || echo "$group $name $label $figures" >>"$samples"
		done
		[ ! -t 2 ] || printf '\r\033[Kround %d: %s' "$round" "$name" >&2
	done <"$dir/list"
done
[ ! -t 2 ] || printf '\r\033[K' >&2

awk -f "$here/table.awk" "$samples" >"$dir/table"
cat "$dir/table"
if [ -n "$report" ]; then {
	echo "# Benchmarks"
	echo
	echo "Written by \`tests/bench/run.sh\` on $(date -u +%Y-%m-%d), $(uname -m)," \
		"$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores, Linux $(uname -r)," \
		"glibc $(getconf GNU_LIBC_VERSION | cut -d' ' -f2), $rounds rounds; commit" \
		"$(git -C "$here" rev-parse --short HEAD 2>/dev/null || echo unknown)."
	dpkg-query -W -f '${Package} ${Version}\n' libmimalloc2.0 libjemalloc2 libtcmalloc-minimal4 2>/dev/null |
		sed '1s/^/Peers: /; s/$/./' | tr '\n' ' '
	printf '\nMedians of CPU time and peak RSS relative to ptmalloc in the same run, interleaved; lower is better.\n\n```\n'
	cat "$dir/table"
	echo '```'
} >"$report"; fi
