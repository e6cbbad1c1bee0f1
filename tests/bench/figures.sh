#!/bin/sh
# Single figures of allocators:  figures.sh DIR REPETITIONS LABEL=LIB...   -> lines FIGURE LABEL VALUE
#
# The first LABEL=LIB is the base of the ratios (ptmalloc). DIR gets the programs. What depends on the
# clock is repeated, allocators in turn; figures.awk takes the medians and knows the goals.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$1
repetitions=$2
shift 2
cc -O2 -g -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free -pthread \
	-o "$dir/figures" "$here/figures.c"
echo 'void lw_nothing(void) {}' | cc -O2 -x c -shared -fPIC -nostdlib -Wl,-z,norelro,-z,noseparate-code \
	-o "$dir/empty.so" -
base=${1#*=}

# under LIB WORDS...: figures.c's program with the library preloaded.
under() (
	LD_PRELOAD=$1
	export LD_PRELOAD
	shift
	exec "$dir/figures" "$@"
)

said() { sed "s/ / $1 /"; }

# Start-up, relative to the base; an empty library shows what preloading anything costs.
startup() {
	libraries="$dir/empty.so"
	for pair; do libraries="$libraries ${pair#*=}"; done
	# shellcheck disable=SC2086 # a list of paths
	"$dir/figures" startup 300 $libraries >"$dir/startup"
	for pair in "empty=$dir/empty.so" "$@"; do
		awk -v base="$base" -v library="${pair#*=}" -v label="${pair%%=*}" '
			$1 == base { cpu = $2; wall = $3 }
			$1 == library { own = $2; own_wall = $3 }
			END { printf "startup-cpu %s %.3f\nstartup-wall %s %.3f\n", label, own / cpu, label, own_wall / wall }
		' "$dir/startup"
	done
}

# instructions LABEL LIB: what callgrind counts. The processor's own counter is not everywhere.
instructions() {
	for loop in 'pair 32' 'batch 32' 'pair 1024' 'batch 1024' 'churn 10000' 'churn 1000000'; do
		# shellcheck disable=SC2086 # two words
		LD_PRELOAD=$2 LD_BIND_NOW=1 valgrind -q --tool=callgrind --toggle-collect=measured \
			--callgrind-out-file="$dir/callgrind" "$dir/figures" loop $loop >"$dir/callgrind.log" 2>&1 || {
			echo "figures: callgrind fails under $1: $(head -c 200 "$dir/callgrind.log")" >&2
			return
		}
		echo "$loop $(awk -v pairs=100000 -f "$here/callgrind.awk" "$dir/callgrind")"
	done | awk -v label="$1" '
		$1 == "churn" { whole[$2] = $4; next }
		{ printf "own-%s-%s %s %s\nwhole-%s-%s %s %s\n", $1, $2, label, $3, $1, $2, label, $4 }
		END {
			if (whole[10000] > 0)
				printf "linear-instructions %s %.3f\n", label, whole[1000000] / whole[10000]
		}'
}

# The library's size as it is loaded; the base's is glibc's and means nothing.
for pair; do
	[ "$pair" != "$1" ] || continue
	path=$(LD_PRELOAD=${pair#*=} awk -v name="${pair##*[=/]}" '
		substr($6, length($6) - length(name) + 1) == name || $6 ~ name { print $6; exit }' /proc/self/maps)
	[ ! -r "$path" ] || echo "size ${pair%%=*} $(($(wc -c <"$path") * 10 / 1024))" | sed 's/.$/.&/'
done

repetition=0
while [ $repetition -lt "$repetitions" ]; do
	repetition=$((repetition + 1))
	startup "$@"
	for name in idle back batches threads latency linear; do
		[ "$repetition-$name" = "1-$name" ] || [ $name != back ] || continue # memory is the same each time
		for pair; do
			under "${pair#*=}" $name >"$dir/figures.out" ||
				echo "figures: $name fails under ${pair%%=*}" >&2
			said "${pair%%=*}" <"$dir/figures.out"
		done
	done
done
if command -v valgrind >/dev/null; then
	for pair; do instructions "${pair%%=*}" "${pair#*=}"; done
else
	echo "SKIP instructions: valgrind is missing"
fi
