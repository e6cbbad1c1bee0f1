#!/bin/sh
# The library that ships:  plain.sh FOLDER WHAT
#
#   build      builds it in FOLDER as a board's firmware would, on a machine that has no LTTng
#   untraced   nothing of tracing is left in it: symbols, words, headers read, code
#   exports    the whole family and nothing else; its thread-local storage
#   budget     lines of code and bytes
#   archive    liblw.a links into a static program
. "$(dirname "$0")/../lib.sh"
build=$(mkdir -p "$1" && cd "$1" && pwd)
# Raised, bytes from 20480, for a fork that takes no lock with it, a contract with the system whose every result
# is looked at, and sized frees.
# The budget is 20480 bytes, the goal in lines is 530 of the core.  Until it is reached no role may grow: these
# are what each has, to be lowered with it.
core_allowed=1253
family_allowed=90
figures_allowed=124
checks_allowed=127
bytes_allowed=21040

# A machine without LTTng: any include of it is an error, and pkg-config knows no library at all.
blind=$work/blind
mkdir -p "$blind/lttng" "$blind/urcu" "$blind/babeltrace2"
for header in lttng/tracepoint.h lttng/ust-events.h lttng/tracepoint-event.h lttng/ust-config.h \
	lttng/ust-utils.h lttng/ust-tracepoint-event.h lttng/lttng.h urcu/compiler.h urcu/list.h; do
	echo '#error "this machine has no LTTng"' >"$blind/$header"
done

# build_plain SOURCE BUILD
build_plain() {
	PKG_CONFIG_LIBDIR=/nonexistent CFLAGS="-I$blind" cmake -S "$1" -B "$2" -DCMAKE_BUILD_TYPE=Release \
		-DLW_TRACE=OFF -DLW_BUILD_VIEWER=OFF -DLW_BUILD_TESTS=OFF -DLW_WERROR=ON \
		-DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON >"$work/log" 2>&1 &&
		cmake --build "$2" >>"$work/log" 2>&1 || {
		cat "$work/log" >&2
		fail "the plain build fails in $1"
	}
}

library=$build/liblw/liblw.so
stripped=$build/liblw.so

check_build() {
	build_plain "$root" "$build"
	strip -o "$stripped" "$library"
	ok "the plain build needs no LTTng"
}

# The files of ours that were read to compile liblw.so.
files_read() {
	find "$build/liblw" -path '*lw.dir*' -name '*.d' -exec cat {} + | tr ' \\' '\n\n' |
		sed '/^$/d; /:$/d' | sort -u >"$work/read"
	grep -q 'liblw/lw.c' "$work/read" || fail "no list of the files compiled into liblw.so"
}

check_untraced() {
	equal "libraries needed" libc.so.6 "$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | tr '\n' ' ' | sed 's/ $//')"
	if nm "$library" | grep -i -E 'lttng|tracepoint|urcu|lw_trace_|lw_below'; then
		fail "symbols of tracing in liblw.so"
	fi
	if strings -a "$stripped" | grep -i -E 'lttng|tracepoint|urcu'; then
		fail "words of tracing in the stripped library"
	fi
	files_read
	if grep -i -E 'lttng|urcu|/tracer/' "$work/read"; then
		fail "the plain build reads headers of tracing"
	fi
	ok "no symbol, word or header of tracing"

	# The same code as if the hooks and the assertions had been deleted from the source.
	mkdir "$work/bare"
	cp -r "$root/CMakeLists.txt" "$root/liblw" "$work/bare/"
	hooks=0
	for file in "$work"/bare/liblw/*.[ch]; do
		case $file in */lw_trace.h | */lw_assert.h) continue ;; esac
		found=$(perl -0pi -e '
			$n = s{\b(?:lw_trace_\w+|TRACE|ASSERT)\s*(\((?:[^()]|(?1))*\))\s*;}{";" . ("\n" x ($& =~ tr/\n//))}ge;
			END { print STDERR $n || 0 }' "$file" 2>&1)
		hooks=$((hooks + found))
	done
	[ $hooks -ge 80 ] || fail "only $hooks hooks and assertions in liblw: is this test looking at the right thing?"
	sed -i 's/-Werror//' "$work/bare/CMakeLists.txt"
	build_plain "$work/bare" "$work/bare-build"
	for section in .text .rodata .data.rel.ro .eh_frame; do
		objcopy -O binary --only-section=$section "$library" "$work/with$section"
		objcopy -O binary --only-section=$section "$work/bare-build/liblw/liblw.so" "$work/without$section"
		same "$section without the $hooks hooks and assertions" "$work/with$section" "$work/without$section"
	done
	[ -s "$work/with.text" ] || fail "no code to compare"
	ok "same code with the $hooks hooks and assertions deleted: $(wc -c <"$work/with.text") bytes"
}

check_exports() {
	cat >"$work/family" <<'NAMES'
aligned_alloc
calloc
free
free_aligned_sized
free_sized
lw_stats
lw_trim
lw_version
lw_walk
malloc
malloc_trim
malloc_usable_size
memalign
posix_memalign
pvalloc
realloc
reallocarray
valloc
NAMES
	nm -D --defined-only "$library" | awk '$2 != "A" { sub("@.*", "", $3); print $3 }' | sort >"$work/exported"
	same "the list of exported symbols" "$work/family" "$work/exported"
	ok "exports $(wc -l <"$work/family") functions and nothing else"

	tls=$(readelf -lW "$library" | awk '$1 == "TLS" { print $6 }')
	[ $((${tls:-0})) -le 64 ] || fail "thread-local storage of $((tls)) bytes; 64 are allowed"
	if readelf -rW "$library" | grep -E 'DTPMOD|TLSDESC'; then
		fail "thread-local storage is not initial-exec"
	fi
	ok "thread-local storage: $((${tls:-0})) bytes, initial-exec"
}

# A line of code is one as cloc counts it after clang-format.  The roles: what serves malloc, free, calloc and
# realloc; the rest of the family; what is seen of the heap; assertions, which are gone from what ships.
role_of() {
	case $1 in
	lw_family.h) echo family ;;
	lw_stats.h | lw.h | lw_trace.h) echo figures ;;
	lw_assert.h) echo checks ;;
	*) echo core ;;
	esac
}

# lines_in FILE
lines_in() { cloc --quiet --csv "$1" | tail -1 | cut -d, -f5; }

check_budget() {
	files_read
	core=0 family=0 figures=0 checks=0
	for file in $(grep "^$root/" "$work/read"); do
		name=$(basename "$file")
		clang-format --style=file "$file" >"$work/whole-$name"
		perl -0pe 's{^\s*(?:ASSERT|_Static_assert)\s*(\((?:[^()]|(?1))*\));.*\n}{}gm' "$work/whole-$name" >"$work/bare-$name"
		whole=$(lines_in "$work/whole-$name")
		bare=$(lines_in "$work/bare-$name")
		role=$(role_of "$name")
		eval "$role=\$((\$$role + bare)) checks=\$((checks + whole - bare))"
		echo "$name: $bare $role, $((whole - bare)) of assertions"
	done
	bytes=$(stat -c %s "$stripped")
	echo "lines: $core core (goal 530), $family family, $figures figures, $checks checks; $bytes bytes (budget $bytes_allowed)"
	for role in core family figures checks; do
		eval "lines=\$$role allowed=\$${role}_allowed"
		[ "$lines" -gt 0 ] || fail "no line of code serves $role: is this test looking at the right files?"
		[ "$lines" -le "$allowed" ] || fail "$lines lines of code serve $role; $allowed are allowed"
	done
	[ "$bytes" -le $bytes_allowed ] || fail "the stripped library has $bytes bytes; $bytes_allowed are allowed"
	ok "within the budget of bytes, and no role has more lines than before"
}

check_archive() {
	cat >"$work/main.c" <<'PROGRAM'
#include <stdlib.h>
#include "lw.h"
int main(void) { void *p = malloc(100); free(p); return lw_version() == 0 || !p; }
PROGRAM
	cc -static -I"$root/liblw" -o "$work/main" "$work/main.c" "$build/liblw/liblw.a" || fail "liblw.a does not link"
	"$work/main" || fail "a program with liblw.a fails"
	nm "$work/main" | grep -q ' T lw_version' || fail "liblw.a is not in the program"
	ok "liblw.a links into a static program"
}

case ${2:-} in
build) check_build ;;
untraced) check_untraced ;;
exports) check_exports ;;
budget) check_budget ;;
archive) check_archive ;;
*) fail "usage: plain.sh FOLDER build|untraced|exports|budget|archive" ;;
esac
