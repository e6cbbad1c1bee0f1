#!/bin/sh
# Benchmarks allocators against ptmalloc:  tests/bench/run.sh [OPTIONS] LIB.so...
#
#   -q          only our own workloads, in the table of times
#   -r ROUNDS   rounds, interleaved; the median counts (default 3)
#   -w REGEX    only the workloads whose name matches
#   -p PARTS    only these parts, with commas: times, floors, figures (default all three)
#   -a          the five programs of workloads.after, too, in a table of their own
#   -o FILE     write the report there; without it a whole run writes tests/bench/RESULTS.md and
#               time-memory.svg, a part of one DIR/report.md and DIR/time-memory.svg
#   -d DIR      folder for programs and inputs (default build/bench)
#   -n          nothing: checks the options and ends
#   -h          this text
#
# times: every round runs each workload under ptmalloc (glibc itself preloaded, so that a program
# that brings another allocator uses glibc's here), under each LIB, and under ptmalloc again, in
# rotating order. CPU is user + system time, RSS the peak, both from wait4. The base is the median of
# all of ptmalloc's runs; the A/A spread is how far the medians of its two series lie apart. `all` is
# the geometric mean of the seven groups' means and the real programs; `real` that of the real ones.
# floors: floors.sh. figures: figures.sh. An interrupted run leaves the report as it was.
{ # The shell reads all of this before it begins: the file may change while a long run is under way.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
usage() { sed -n '2,23s/^# \{0,1\}//p' "$0"; }
wrong() {
	printf 'bench: %s\n' "$*" >&2
	exit 2
}

rounds=3
quick=''
pick=.
parts=times,floors,figures
after=''
report=''
check=''
dir=$here/../../build/bench
while getopts :qr:w:p:ao:d:nh option; do
	case $option in
	q) quick=1 ;;
	r) rounds=$OPTARG ;;
	w) pick=$OPTARG ;;
	p) parts=$OPTARG ;;
	a) after=1 ;;
	o) report=$OPTARG ;;
	d) dir=$OPTARG ;;
	n) check=1 ;;
	h) usage; exit 0 ;;
	:) wrong "-$OPTARG needs an argument; -h tells which" ;;
	*) wrong "no option -$OPTARG; -h tells which there are" ;;
	esac
done
shift $((OPTIND - 1))
case $rounds in '' | *[!0-9]* | 0*) wrong "-r takes a number of rounds, not '$rounds'" ;; esac
for part in $(echo "$parts" | tr , ' '); do
	case $part in times | floors | figures) ;; *) wrong "no part '$part'; there are times, floors and figures" ;; esac
done
part() { case ,$parts, in *",$1,"*) true ;; *) false ;; esac }
[ $# -gt 0 ] || wrong "no library to measure; -h tells the usage"

# --- libraries: LABEL=LIB, ptmalloc first ----------------------------------------------------
ours=''
pairs='ptmalloc=libc.so.6'
for library; do
	label=${library##*/}
	label=${label%%.so*}
	label=${label%_minimal}
	case $label in liblw*) ;; lib*) label=${label#lib} ;; esac
	case $library in
	*/*)
		[ -r "$library" ] || wrong "there is no library $library"
		library=$(cd "$(dirname "$library")" && pwd)/${library##*/}
		;;
	esac
	case $library in *[[:space:]]*) wrong "a library's path may not hold blanks: $library" ;; esac
	error=$(LD_PRELOAD=$library sh -c : 2>&1) || true
	[ -z "$error" ] || wrong "$library cannot be preloaded: $error"
	ours=${ours:-$label}
	pairs="$pairs $label=$library"
done
if [ -n "$report" ] && { [ -d "$report" ] || [ ! -w "$(dirname "$report")" ]; }; then
	wrong "the report cannot be written to $report"
fi
[ -z "$check" ] || exit 0

# --- programs and inputs -----------------------------------------------------------------------
mkdir -p "$dir" || exit 1
dir=$(cd "$dir" && pwd)
work=$(mktemp -d "$dir/run.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'echo "bench: interrupted; the report is as it was" >&2; exit 130' INT TERM HUP
export PATH="$dir:$PATH"
cc -O2 -g -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free -pthread \
	-o "$dir/own" "$here/own.c"
cc -O2 -o "$dir/measure" "$here/measure.c"
# inputs SCRIPT FOLDER: made anew where the script or its folder changed.
inputs() {
	[ ! -e "$dir/in/$1.done" ] || [ -n "$(find "$here/$1" "$here/$2" -newer "$dir/in/$1.done")" ] || return 0
	echo "bench: making the inputs of $2" >&2
	sh "$here/$1" "$dir/in"
	touch "$dir/in/$1.done"
}
mkdir -p "$dir/in"
[ -n "$quick" ] || inputs inputs.sh real
[ -z "$after" ] || inputs after.sh after

cc1=$(cc -print-prog-name=cc1)
listed() { sed -n "s#^\([a-z0-9]*\) *| #$1 \1 #p" "$here/$2" | sed "s# cc1 -quiet# $cc1 -quiet#"; }
{
	"$dir/own" --list | while read -r group name; do echo "$group $name ../own $name"; done
	[ -n "$quick" ] || listed real workloads
	[ -z "$after" ] || listed after workloads.after
} | awk -v pick="$pick" '$2 ~ pick' >"$work/list"
[ -s "$work/list" ] || wrong "no workload matches '$pick'"
while read -r group name command; do
	set -f
	# shellcheck disable=SC2086 # a list of words
	set -- $command
	set +f
	case $1 in
	server) shift 2 ;;
	env) shift 2 ;;
	esac
	(cd "$dir/in" && command -v "$1" >/dev/null) || wrong "$name: there is no program $1"
done <"$work/list"

# --- times -------------------------------------------------------------------------------------
# measure_one LIB WORDS...: one line of figures.
measure_one() {
	library=$1
	shift
	case $1 in
	server) load=$2; shift 2; measure --server "./$load" "$library" "$@" ;;
	*) measure "$library" "$@" ;;
	esac
}

# turns ROUND: the pairs of this round, ptmalloc's second series halfway, each round one further on.
turns() {
	echo "$pairs" | tr ' ' '\n' | awk -v round="$1" '
		{ pair[NR] = $0 }
		END {
			half = int(NR / 2) + 1
			for (i = 1; i <= NR; i++) {
				all[++n] = pair[i]
				if (i == half)
					all[++n] = "again=libc.so.6"
			}
			for (i = 0; i < n; i++)
				print all[(i + round - 1) % n + 1]
		}'
}

all_times() {
	round=0
	while [ $round -lt "$rounds" ]; do
		round=$((round + 1))
		turns $round >"$work/turns"
		while read -r group name command <&4; do
			[ ! -t 2 ] || printf '\r\033[Kround %d: %s' "$round" "$name" >&2
			while read -r pair <&5; do
				set -f
				# shellcheck disable=SC2086 # the command is a list of words
				figures=$(cd "$dir/in" && measure_one "${pair#*=}" $command 2>"$work/error") || {
					echo "bench: $name under ${pair%%=*} failed: $(head -c 300 "$work/error")" >&2
					figures=''
				}
				set +f
				[ -z "$figures" ] || echo "$group $name ${pair%%=*} $figures" >>"$work/samples"
			done 5<"$work/turns"
		done 4<"$work/list"
		[ -t 2 ] || echo "bench: round $round of $rounds is done" >&2
	done
	[ ! -t 2 ] || printf '\r\033[K' >&2
}

began=$(date +%s)
load=$(cut -d' ' -f1 /proc/loadavg)
: >"$work/samples"
if part times; then
	all_times
	# So that a part repeated later (-p floors) finds them.
	mv "$work/samples" "$dir/samples"
fi
if part floors; then
	code=0
	sh "$here/floors.sh" "$dir" "$work/list" >"$work/floors" || code=$?
	case $code in
	0) mv "$work/floors" "$dir/floors" ;;
	77) cat "$work/floors" >&2 && : >"$dir/floors" && sed 's/^SKIP/Skipped:/' "$work/floors" >"$work/no-floors" ;;
	*) exit $code ;;
	esac
fi
if part figures; then
	# shellcheck disable=SC2086 # a list of pairs
	sh "$here/figures.sh" "$dir" "$rounds" $pairs >"$work/figures"
	mv "$work/figures" "$dir/figures.samples"
fi

# --- the report ----------------------------------------------------------------------------------
table() { awk -v ours="$ours" -f "$here/table.awk" "$@"; }
fenced() { printf '\n```\n' && cat && echo '```'; }

part times && rm -f "$dir/points"
if part times || part floors && [ -s "$dir/samples" ]; then
	touch "$dir/floors"
	! grep -v '^after ' "$dir/samples" >"$work/some" || table -v points="$dir/points" "$work/some" >"$work/table"
	! grep '^after ' "$dir/samples" >"$work/some" || table "$work/some" >"$work/after"
	table -v floors="$dir/floors" "$dir/samples" >/dev/null
fi
{
	echo "# Benchmarks"
	echo
	echo "Written by \`tests/bench/run.sh\` on $(date -u +%Y-%m-%d), $(uname -m)," \
		"$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores, Linux $(uname -r)," \
		"glibc $(getconf GNU_LIBC_VERSION | cut -d' ' -f2); rounds: $rounds," \
		"$((($(date +%s) - began + 30) / 60)) min; commit" \
		"$(git -C "$here" rev-parse --short HEAD 2>/dev/null || echo unknown)."
	echo "Load average when it began: $load (0 is a quiet machine)."
	peers=$(dpkg-query -W -f '${Package} ${Version}\n' libmimalloc2.0 libjemalloc2 libtcmalloc-minimal4 2>/dev/null |
		sed '$!s/$/,/' | tr '\n' ' ' | sed 's/ $//')
	[ -z "$peers" ] || echo "Peers: $peers."
	if [ -s "$work/table" ]; then
		printf '\n## Time and memory\n\n'
		echo 'Medians of CPU time and peak RSS relative to ptmalloc in the same run, interleaved; lower is better.'
		echo "A/A spread: how far ptmalloc's two series of this run lie apart."
		if [ -s "$dir/points" ]; then
			printf '\n![CPU time and peak memory of the allocators relative to ptmalloc](time-memory.svg)\n'
		fi
		fenced <"$work/table"
	fi
	if [ -s "$work/after" ]; then
		printf '\n## Five programs chosen after the last tuning commit\n\n'
		echo 'In no mean above (`tests/bench/workloads.after`).'
		fenced <"$work/after"
	fi
	if [ -s "$work/no-floors" ]; then
		printf '\n## Floors\n\n'
		cat "$work/no-floors"
	elif [ -s "$work/table" ] && [ -s "$dir/floors.table" ]; then
		printf '\n## Floors\n\n'
		echo "Under ptmalloc: the share of CPU time inside malloc's functions, that of the kernel in page faults,"
		echo 'in mapping and unmapping and in the release at exit (`perf`, samples of the CPU clock), and what is'
		echo 'left: the floor, which an allocator cannot go below but for better locality. Then the A/A spread and'
		echo 'what each allocator won, as parts of that share: 1 were all of it.'
		fenced <"$dir/floors.table"
	fi
	if part figures; then
		printf '\n## Figures\n\n'
		echo 'How each is measured: `tests/bench/figures.c` and `figures.sh`; medians of as many repetitions as there'
		echo 'are rounds, where the clock matters. Instructions are those callgrind counts.'
		awk -v ours="$ours" -f "$here/figures.awk" "$dir/figures.samples" | fenced
	fi
} >"$work/report"
sed -n '/^## /,$p' "$work/report" | grep -v -e '^```$' -e '^!\['

whole=1
if [ -n "$quick" ] || [ "$pick" != . ]; then whole=''; fi
for part in times floors figures; do part $part || whole=''; done
if [ -z "$report" ]; then
	if [ -n "$whole" ]; then report=$here/RESULTS.md; else report=$dir/report.md; fi
fi
picture=$(dirname "$report")/time-memory.svg
if [ -s "$dir/points" ] && part times; then
	if command -v gnuplot >/dev/null; then
		gnuplot -e "points='$dir/points'; out='$work/picture.svg'" "$here/picture.gp" 2>"$work/error" ||
			{ echo "bench: gnuplot failed: $(head -c 300 "$work/error")" >&2; exit 1; }
		cp "$work/picture.svg" "$picture.new"
		mv "$picture.new" "$picture"
	else
		echo "bench: gnuplot is missing: no picture" >&2
	fi
fi
cp "$work/report" "$report.new"
mv "$report.new" "$report"
echo "bench: report in $report; $((($(date +%s) - began) / 60)) minutes" >&2
exit 0
}
