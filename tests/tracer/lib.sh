# lib.sh - sourced by the end-to-end tests: a machine of our own, and words for what is expected.
#
# Set by CTest: LWTRACE, TOOLS (folder with replay, counter.so and the programs).
# As root the test moves into private /run and /dev/shm, since root's session daemon has fixed places;
# an ordinary user gets a folder of his own as LTTNG_HOME.  Nothing is left behind.
set -u

skip() {
	echo "SKIP: $*"
	exit 77
}

if [ "$(id -u)" = 0 ] && [ -z "${LW_PRIVATE-}" ]; then
	unshare -m --propagation private true 2>/dev/null || skip "unshare -m is not permitted here"
	LW_PRIVATE=1 exec unshare -m --propagation private sh -c \
		'mount -t tmpfs none /run && mount -t tmpfs -o size='"${SHM_SIZE:-50%}"' none /dev/shm || exit 77; exec sh "$@"' \
		sh "$0" "$@"
fi
command -v babeltrace2 >/dev/null || skip "babeltrace2 is not installed"

work=$(mktemp -d "${TMPDIR:-/tmp}/lwtrace-test.XXXXXX")
pid_file=/run/lttng/lttng-sessiond.pid
if [ "$(id -u)" != 0 ]; then
	pid_file=$work/home/.lttng/lttng-sessiond.pid
	export LTTNG_HOME="$work/home" HOME="$work/home"
	mkdir -p "$LTTNG_HOME"
fi
failures=0

# Whoever of ours still runs is a failure, and is ended.
finish() {
	if [ -s "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null; then
		echo "FAIL: a session daemon is left"
		kill "$(cat "$pid_file")"
		failures=$((failures + 1))
	fi
	cd /
	rm -rf "$work"
	[ $failures = 0 ] || exit 1
}
trap finish EXIT
cd "$work" || exit 1

fail() {
	echo "FAIL: $*"
	failures=$((failures + 1))
}

# expect "what should be" STATUS COMMAND...: output and messages go to files of these names.
expect() {
	what=$1 wanted=$2
	shift 2
	timeout 60 "$@" >stdout 2>stderr
	got=$?
	if [ $got = "$wanted" ]; then
		echo "ok: $what"
	else
		fail "$what: status $got, not $wanted"
		cat stderr
	fi
}

# says "what should be" PATTERN: the last command said so on stderr, in one line.
says() {
	if grep -q "$2" stderr && [ "$(grep -c . stderr)" = 1 ]; then
		echo "ok: $1"
	else
		fail "$1"
		cat stderr
	fi
}

equal() {
	if [ "$2" = "$3" ]; then
		echo "ok: $1"
	else
		fail "$1: \"$2\", not \"$3\""
	fi
}

# Counts of a program by the independent counter, one line for each process image, sorted.
counted() {
	rm -rf counts
	mkdir counts
	COUNT_DIR=$work/counts LD_PRELOAD=$TOOLS/counter.so "$@" >/dev/null 2>&1
	for file in counts/*; do
		od -An -t u8 -w32 -N32 "$file" | awk '{ print "allocs=" $1, "frees=" $2, "reallocs=" $3, "fails=" $4 }'
	done | sort
}

# The same from a trace.
recorded() {
	for process in "$1"/ust/pid/*; do
		babeltrace2 --no-delta "$process" | "$TOOLS/replay"
	done >replayed
	cut -d' ' -f1-4 replayed | sort
}
