#!/bin/sh
# What cannot work is refused with one clear sentence and the status that its kind has.
. "$(dirname "$0")/../lib.sh"
private "$@"
build=${LW_BUILD:-$root/build}
lwtrace=$build/tracer/lwtrace
lwview=$build/viewer/lwview

# --- lwview ----------------------------------------------------------------------------------
mkdir "$work/empty" "$work/notrace" "$work/bin"
echo hello >"$work/notrace/file"
echo hello >"$work/exists.db"
refuses "a path that is not there" 3 nowhere "$lwview" load "$work/nowhere" -o "$work/x.db"
refuses "an empty folder" 3 empty "$lwview" load "$work/empty" -o "$work/x.db"
refuses "a folder that is no trace" 3 notrace "$lwview" load "$work/notrace" -o "$work/x.db"
refuses "a file as trace" 3 file "$lwview" load "$work/notrace/file" -o "$work/x.db"
[ ! -e "$work/x.db" ] || fail "a refused load leaves a database behind"
refuses "a database that is none" 3 exists.db "$lwview" map "$work/exists.db"
refuses "a database that is not there" 3 missing.db "$lwview" map "$work/missing.db"
refuses "an unknown command" 2 frobnicate "$lwview" frobnicate
refuses "an unknown option" 2 frobnicate "$lwview" load --frobnicate
mkdir "$work/closed" "$work/open"
chmod 777 "$work/open"
chmod 000 "$work/closed"
chmod 755 "$work"
if [ "$(id -u)" != 0 ]; then
	refuses "a folder without permission" 3 "permission denied" "$lwview" load "$work/closed" -o "$work/open/x.db"
elif setpriv --reuid 65534 --regid 65534 --clear-groups "$lwview" --help >/dev/null 2>&1; then
	refuses "a folder without permission" 3 "permission denied" \
		setpriv --reuid 65534 --regid 65534 --clear-groups "$lwview" load "$work/closed" -o "$work/open/x.db"
fi

# --- lwtrace -----------------------------------------------------------------------------------
cat >"$work/hello.c" <<'PROGRAM'
#include <stdlib.h>
int main(int argc, char **argv) { (void)argv; free(malloc(100)); return argc > 1 ? 3 : 0; }
PROGRAM
cc -O0 -o "$work/hello" "$work/hello.c"
cc -O0 -static -o "$work/static" "$work/hello.c"
echo text >"$work/text"
refuses "a program that does not exist" 127 nosuchprogram "$lwtrace" record -o "$work/t" -- nosuchprogram
refuses "a file that is not executable" 126 text "$lwtrace" record -o "$work/t" -- "$work/text"
refuses "a static program" 125 static "$lwtrace" record -o "$work/t" -- "$work/static"
refuses "an output that exists" 125 notrace "$lwtrace" record -o "$work/notrace" -- "$work/hello"
refuses "an allocator that is not there" 125 nosuch "$lwtrace" record --allocator /nosuch.so -o "$work/t" -- "$work/hello"
refuses "an unknown option of lwtrace" 125 frobnicate "$lwtrace" record --frobnicate -- "$work/hello"
[ ! -e "$work/t" ] || fail "a refused recording leaves a folder behind"
code=0
"$lwtrace" record -o "$work/t" -- "$work/hello" argument >"$work/out" 2>"$work/err" </dev/null || code=$?
equal "the program's own status is passed on" 3 $code

# --- with a real database ------------------------------------------------------------------------
"$lwview" load "$work/t" -o "$work/t.db" 2>"$work/err" || fail "load: $(cat "$work/err")"
refuses "an existing database without -f" 2 t.db "$lwview" load "$work/t" -o "$work/t.db"
echo kept >"$work/map.svg"
refuses "an existing picture without -f" 2 map.svg "$lwview" map "$work/t.db" -o "$work/map.svg"
equal "the existing picture is left alone" kept "$(cat "$work/map.svg")"
refuses "gnuplot missing" 4 gnuplot env PATH="$work/bin" "$lwview" map "$work/t.db" -o "$work/new.svg"
refuses "a folder that cannot be written" 4 nodir "$lwview" map "$work/t.db" -o "$work/nodir/new.svg"
