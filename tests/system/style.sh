#!/bin/sh
# One style: every C file is what the formatter makes of it, and no script has an error that the
# checker of scripts, where it is installed, would find.
. "$(dirname "$0")/../lib.sh"
need clang-format
cd "$root"
find liblw tracer viewer cli traces/format tests -name '*.[ch]' 2>/dev/null | sort >"$work/files"
[ -s "$work/files" ] || fail "no C file found"
xargs clang-format --dry-run --Werror <"$work/files" >"$work/out" 2>&1 || {
	sed -n 's/:.*code should be clang-formatted.*//p' "$work/out" | sort -u >&2
	fail "these are not formatted; run clang-format -i"
}
ok "$(wc -l <"$work/files") C files are formatted"

# The formatter leaves comments and strings alone: a few bytes more are let pass there.
long=$(while read -r file; do
	expand "$file" | awk -v file="$file" 'length($0) > 108 { print file ":" NR }'
done <"$work/files")
[ -z "$long" ] || fail "lines far above 100 columns: $long"

if command -v shellcheck >/dev/null; then
	find run tests traces -name '*.sh' -o -name run -type f | sort >"$work/scripts"
	# shellcheck disable=SC2046 # a list of names
	shellcheck -s sh -S error $(cat "$work/scripts") || fail "shellcheck finds errors"
	ok "$(wc -l <"$work/scripts") scripts checked"
fi
for script in run .ci/run; do
	[ -x $script ] || fail "$script is not executable"
done
