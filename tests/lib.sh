# lib.sh - sourced by every test that is a script: a folder of its own, and words for what is expected.
#
#	. "$(dirname "$0")/../lib.sh"
#
# $root is the tree, $work a folder that is removed at the end (unless KEEP is set), as every process
# is ended whose id stands in $children.  A test stops at the first thing that fails; after `set +e`
# it goes on with the next sentence and fails at its end.
# What begins with l_ is its own.
# shellcheck shell=sh
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/lw-test.XXXXXX")
children=''
daemon='' # the file with the id of a session daemon that must not outlive the test
checks=0
failures=0

finish() {
	l_status=$?
	for l_pid in $children; do
		kill "$l_pid" 2>/dev/null || true
	done
	if [ -s "$daemon" ] && kill "$(cat "$daemon")" 2>/dev/null; then
		echo "FAIL: a session daemon is left" >&2
		failures=$((failures + 1))
	fi
	cd /
	[ -n "${KEEP:-}" ] || rm -rf "$work"
	[ $l_status != 0 ] || [ $failures = 0 ] || l_status=1
	exit $l_status
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

ok() { checks=$((checks + 1)); printf 'ok: %s\n' "$*"; }
fail() {
	printf 'FAIL: %s\n' "$*" >&2
	failures=$((failures + 1))
	case $- in *e*) exit 1 ;; esac
}
skip() { printf 'skipped: %s\n' "$*" >&2; exit 77; }
need() { command -v "$1" >/dev/null || fail "$1 is not installed"; }

# equal WHAT VALUE VALUE...: all the same, and not empty.
equal() {
	l_what=$1
	l_first=$2
	shift 2
	for l_value; do
		if [ -z "$l_first" ]; then
			fail "$l_what: nothing to compare"
			return
		elif [ "$l_value" != "$l_first" ]; then
			fail "$l_what: \"$l_first\" and \"$l_value\""
			return
		fi
	done
	ok "$l_what: $l_first"
}

# same WHAT FILE FILE
same() {
	cmp -s "$2" "$3" || {
		diff -u "$2" "$3" | head -40 >&2 || true
		fail "$1 differs"
	}
}

# golden FILE COMMAND...: what it says is what the folder golden beside the test keeps;
# LW_GOLDEN_WRITE=1 keeps it anew.
golden() {
	l_kept=$root/tests/$(basename "$(dirname "$0")")/golden/$1
	shift
	"$@" >"$work/golden" 2>&1 || fail "$*: status $?"
	[ -z "${LW_GOLDEN_WRITE:-}" ] || cp "$work/golden" "$l_kept"
	same "$* (golden/$(basename "$l_kept"))" "$l_kept" "$work/golden"
}

# expect WHAT STATUS COMMAND...: it ends so; what it says is in $work/stdout and $work/stderr.
expect() {
	l_what=$1
	l_wanted=$2
	shift 2
	l_code=0
	timeout 60 "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || l_code=$?
	if [ $l_code = "$l_wanted" ]; then
		ok "$l_what"
	else
		fail "$l_what: status $l_code, not $l_wanted: $(head -n 5 "$work/stderr")"
	fi
}

# says WHAT PATTERN: the last command said so on stderr, in one line.
says() {
	if grep -q -i -e "$2" "$work/stderr" && [ "$(wc -l <"$work/stderr")" = 1 ]; then
		ok "$1"
	else
		fail "$1: not one line with \"$2\": $(head -n 5 "$work/stderr")"
	fi
}

# refuses WHAT STATUS PATTERN COMMAND...: it ends so, with one sentence on stderr and nothing else.
refuses() {
	l_what=$1
	l_wanted=$2
	l_words=$3
	shift 3
	expect "$l_what" "$l_wanted" "$@"
	says "$l_what: $(head -n 1 "$work/stderr")" "$l_words"
	[ ! -s "$work/stdout" ] || fail "$l_what: something on stdout: $(head -n 2 "$work/stdout")"
}

# private "$@": for tests that record, before anything else. Root's session daemon has fixed places,
# so as root the test begins again with a /run and a /dev/shm of its own; an ordinary user gets a home.
private() {
	if [ "$(id -u)" != 0 ]; then
		export LTTNG_HOME="$work/home" HOME="$work/home"
		mkdir -p "$LTTNG_HOME"
		daemon=$LTTNG_HOME/.lttng/lttng-sessiond.pid
	elif [ -n "${LW_PRIVATE:-}" ]; then
		daemon=/run/lttng/lttng-sessiond.pid
	else
		unshare -m --propagation private true 2>/dev/null || skip "unshare -m is not permitted here"
		rm -rf "$work"
		LW_PRIVATE=1 exec unshare -m --propagation private sh -c '
			mount -t tmpfs none /run && mount -t tmpfs -o size='"${SHM_SIZE:-50%}"' none /dev/shm || exit 77
			exec sh "$@"' sh "$0" "$@"
	fi
	need babeltrace2
	cd "$work"
}

# counted COMMAND...: a program's calls by the independent counter, a line for each process image, sorted.
counted() {
	rm -rf "$work/counts"
	mkdir "$work/counts"
	COUNT_DIR=$work/counts LD_PRELOAD=$TOOLS/counter.so "$@" >/dev/null 2>&1 || true
	for l_file in "$work"/counts/*; do
		od -An -t u8 -w32 -N32 "$l_file" | awk '{ print "allocs=" $1, "frees=" $2, "reallocs=" $3, "fails=" $4 }'
	done | sort
}

# recorded TRACE: the same from a trace; what more there is to say about it is in $work/replayed.
recorded() {
	for l_process in "$1"/ust/pid/*; do
		babeltrace2 --no-delta "$l_process" | "$TOOLS/replay"
	done >"$work/replayed"
	cut -d' ' -f1-4 "$work/replayed" | sort
}
