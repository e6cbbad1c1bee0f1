#!/bin/sh
# What `cmake --install` lays down works from there: the library preloads, lwtrace finds its parts,
# lwview reads what it recorded, a program compiles against lw.h and links.
. "$(dirname "$0")/../lib.sh"
private "$@"
build=${LW_BUILD:-$root/build}
place=$work/installed
cmake --install "$build" --prefix "$place" >"$work/log" 2>&1 || fail "install: $(tail -n 3 "$work/log")"
for file in lib/liblw.so lib/liblw.a include/lw.h lib/liblw/liblw-trace.so lib/liblw/liblw-shim.so \
	bin/lwtrace bin/lwview; do
	[ -e "$place/$file" ] || fail "not installed: $file"
done
if find "$place" -type f -exec sh -c 'readelf -d "$1" 2>/dev/null' sh {} \; | grep -E 'RUNPATH|RPATH' | grep -F "$build"; then
	fail "an installed file looks for libraries in the build tree"
fi
ok "installed: $(find "$place" -type f | wc -l) files"

cat >"$work/main.c" <<'PROGRAM'
#include <lw.h>
#include <stdlib.h>
int main(void) { void *p = malloc(100); free(p); return !p || !lw_version(); }
PROGRAM
cc -I"$place/include" -o "$work/main" "$work/main.c" -L"$place/lib" -llw || fail "does not link with -llw"
LD_LIBRARY_PATH=$place/lib LW_STATS=1 "$work/main" 2>"$work/err" || fail "a program linked with -llw fails"
grep -q liblw "$work/err" || fail "a program linked with -llw does not use it"
ok "a program links with -llw and uses it"

for allocator in liblw ptmalloc; do
	"$place/bin/lwtrace" record --allocator $allocator -o "$work/$allocator" -- sqlite3 :memory: 'SELECT 1' \
		>/dev/null 2>"$work/err" </dev/null || fail "the installed lwtrace: $(tail -n 3 "$work/err")"
	"$place/bin/lwview" load "$work/$allocator" -o "$work/$allocator.db" 2>"$work/err" ||
		fail "the installed lwview: $(tail -n 3 "$work/err")"
	facts=$(sqlite3 "$work/$allocator.db" "SELECT sum(facts) FROM process")
	[ "$facts" -gt 50 ] || fail "only $facts facts recorded by the installed lwtrace"
	ok "installed, $allocator: $facts facts"
done
