#!/bin/sh
# A new event is a row, a handler and the place where it happens: in a copy of the tree one is added,
# built, recorded, loaded and looked up.  The event: lw:trim, the program asked for memory to go back.
. "$(dirname "$0")/../lib.sh"
private "$@"
need cc

mkdir tree
(cd "$root" && tar -cf - --exclude=traces/good --exclude=traces/bad CMakeLists.txt cli doc liblw tracer traces viewer) |
	tar -xf - -C tree
cd tree

# Step 1: its row in the table. The kind FACT_TRIM and struct lw_fact_trim follow from it, as do the
# event of the provider, its enabling, and its page.
patch -s traces/format/events.h <<'ROW'
@@ -1,6 +1,11 @@
 	FIELD(64, bytes,   heap_resident, "resident in the extent")
 	START TID FLAGS)
 
+EVENT(TRIM, trim, "The program asked for memory to go back.",
+	FIELD(64, bytes,   pad,      "to be kept at the top")
+	START LATENCY TID
+	FIELD(8,  boolean, released, "1: some went back"))
+
 /* clang-format on */
 
 #undef START
ROW

# Step 2: where it happens. The call's start, latency and thread are filled in for all.
patch -s tracer/inside/family.c <<'PLACE'
@@ -1,11 +1,14 @@
 PUBLIC int malloc_trim(size_t pad)
 {
+	struct lw_fact fact = {.kind = FACT_TRIM};
 	struct call call;
 	int released;
 
 	call_begin(&call, NULL);
 	released = lw_underlying_malloc_trim(pad);
 	call_end(&call, NULL);
-	call_close(&call, NULL, false);
+	fact.trim.pad = pad;
+	fact.trim.released = (uint8_t)released;
+	call_close(&call, &fact, false);
 	return released;
 }
PLACE

configure() {
	cmake -S . -B build -DLW_BUILD_TESTS=OFF -DLW_WERROR=ON -DCMAKE_BUILD_TYPE=Debug
}
build() {
	cmake --build build --parallel 2 --target lw_trace lw_provider lwtrace lw_trace_manual lwview
}
configure >"$work/log" 2>&1 || fail "cmake: $(tail -n 20 "$work/log")"
! build >"$work/log" 2>&1 || fail "a row without a handler is let pass"
grep -q "on_trim.* undeclared" "$work/log" || fail "the row's missing handler is not named: $(tail "$work/log")"
ok "a row without a handler does not compile"

# Step 3: its handler in the viewer. A fact that no rule of the heap knows is counted and kept in order.
patch -s viewer/load/decode.c <<'HANDLER'
@@ -1,6 +1,19 @@
 	return put(arg, e, &f);
 }
 
+static enum status on_trim(void *arg, const struct ctf_event *e)
+{
+	const struct trim_fields *v = FIELDS(trim, e);
+	struct fact f = {
+		.kind = FACT_TRIM,
+		.time = (int64_t)v->start,
+		.latency = (uint32_t)v->latency,
+		.tid = (uint32_t)v->tid,
+	};
+
+	return put(arg, e, &f);
+}
+
 /* ---- where code lies ---- */
 
 static enum status on_module(void *arg, const struct ctf_event *e)
HANDLER
build >"$work/log" 2>&1 || fail "it does not build: $(grep -m 5 error "$work/log")"
grep -q '^\.Ss lw:trim$' build/traces/format/lw-trace.5 || fail "its page lacks it"
ok "with its handler it builds, and stands in the page"

cat >trims.c <<'PROGRAM'
#include <malloc.h>
#include <stdlib.h>
int main(void) { for (int i = 0; i < 3; i++) { free(malloc(100000)); malloc_trim(4096); } return 0; }
PROGRAM
cc -fno-builtin -o trims trims.c
expect "a program that trims is recorded" 0 build/tracer/lwtrace record -q -o trace -- ./trims
babeltrace2 --no-delta trace >text
equal "each trim is in the trace" 3 "$(grep -c ' lw:trim: .* pad = 4096, .*released = [01]' text)"
expect "the trace is loaded" 0 build/viewer/lwview load -q -o heap.db trace
equal "no fact is passed over" "$(grep -c ' lw:' text)" "$(sqlite3 heap.db 'SELECT sum(facts) FROM process')"
