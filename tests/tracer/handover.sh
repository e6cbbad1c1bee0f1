#!/bin/sh
# handover.sh: facts are neither lost nor doubled when the provider becomes ready in the middle of
# many threads' calls.  Needs no LTTng: a stand-in counts what it is given.
. "$(dirname "$0")/../lib.sh"
private "$@"
set +e # each sentence is tried

mkdir stage
cp "$TOOLS/fake/liblw-provider.so" "$LIBRARIES/liblw-shim.so" "$LIBRARIES/liblw-trace.so" stage
counted "$TOOLS/threads" >want
for library in liblw-shim.so liblw-trace.so; do
	for after in 1 500 20000 60000; do
		FAKE_AFTER=$after FAKE_FILE=$work/have LD_PRELOAD=$work/stage/$library "$TOOLS/threads"
		equal "$library: each fact once, ready after $after calls" "$(sed -n 1p have)" "$(cat want)"
		equal "the process first, then the early ones" "$(sed -n '2,$p' have | tr '\n' ' ')" \
			"process first some early "
	done
done
