# Sourced by the system tests: a folder of one's own, removed at the end, and words for failing.
# shellcheck shell=sh
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/lw-test.XXXXXX")
children=''
checks=0

# What a test started is ended by its process id, whichever way the test ends.
finish() {
	status=$?
	for pid in $children; do
		kill "$pid" 2>/dev/null || true
	done
	[ -n "${KEEP:-}" ] || rm -rf "$work"
	exit $status
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

fail() { printf 'FAIL: %s\n' "$*" >&2; exit 1; }
skip() { printf 'skipped: %s\n' "$*" >&2; exit 77; }
ok() { checks=$((checks + 1)); printf 'ok: %s\n' "$*"; }
need() { command -v "$1" >/dev/null || fail "$1 is not installed"; }

# same WHAT FILE FILE
same() {
	cmp -s "$2" "$3" || {
		diff "$2" "$3" | head -20 >&2 || true
		fail "$1 differs"
	}
}

# equal WHAT VALUE VALUE...: all the same, and not empty.
equal() {
	what=$1
	first=$2
	shift 2
	[ -n "$first" ] || fail "$what: nothing to compare"
	for value in "$@"; do
		[ "$value" = "$first" ] || fail "$what: $first and $value"
	done
	ok "$what: $first"
}
