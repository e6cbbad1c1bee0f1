#!/bin/sh
# The library of one board:  boards.sh NAME     (a preset of CMakePresets.json)
#
# It is built and stripped; it needs libc and nothing else, none of libgcc; it has no instruction that
# its oldest machine lacks; and where qemu-user is installed the allocator's tests pass on that
# machine with this very library.  That the search for instructions finds some is proved each time,
# on a build for a newer machine.
. "$(dirname "$0")/../lib.sh"
name=${1:-}

# PREFIX of binutils, FLAGS of a newer machine, EMULATOR for the oldest, MACHINE as readelf tells it, and
# BEYOND: what the oldest machine lacks, as objdump writes it, mnemonic first.
case $name in
armv6-linux-gnueabihf)
	# Debian's libc for armhf is ARMv7 itself: on an arm1176 it stops before our code runs. Beside it the
	# library runs on a Cortex-A7; on an arm1176, further below, with the libc of armel.
	prefix=arm-linux-gnueabihf
	newer='-march=armv7-a+fp -mfloat-abi=hard -marm'
	emulator="qemu-arm -cpu cortex-a7 -L /usr/$prefix"
	machine='Tag_CPU_arch: v6K;Tag_FP_arch: VFPv2'
	beyond='(movw|movt|dmb|dsb|isb|[us]div|bf[ic]|[us]bfx|mls|rbit|pldw|pli|cbn?z|it[te]*|tb[bh]'
	beyond="$beyond|ldrs?[bh]?t|lda.*|stl.*|crc32.*)([a-z]{2})?(\.[wn])?[[:space:]]"
	beyond="$beyond|[[:space:],{](q[0-9]|d(1[6-9]|[23][0-9]))|^v(fma|fnma|ld[1-4]|st[1-4])"
	;;
armhf)
	prefix=arm-linux-gnueabihf
	newer='-march=armv7ve+simd -mfloat-abi=hard -mthumb -O3'
	emulator="qemu-arm -cpu cortex-a8 -L /usr/$prefix"
	machine='Tag_CPU_arch: v7;Tag_FP_arch: VFPv3-D16'
	beyond='([us]div|lda.*|stl(ex.*|b|h)?|crc32.*)([a-z]{2})?(\.[wn])?[[:space:]]'
	beyond="$beyond|[[:space:],{](q[0-9]|d(1[6-9]|[23][0-9]))|^v(fma|fnma|ld[1-4]|st[1-4])"
	;;
aarch64)
	prefix=aarch64-linux-gnu
	newer='-march=armv8.1-a'
	emulator="qemu-aarch64 -cpu cortex-a72 -L /usr/$prefix"
	machine=''
	beyond='(casp?|swp|(ld|st)(add|clr|eor|set|[su]max|[su]min))a?l?[bh]?[[:space:]]'
	beyond="$beyond|(ldapu?r|stlur|crc32|ret[ab]|br[ab]|blr[ab]|cpy|set[gp]).*[[:space:]]"
	beyond="$beyond|[[:space:],{][zp][0-9]"
	;;
riscv64)
	prefix=riscv64-linux-gnu
	newer='-march=rv64gc_zba_zbb_zbs'
	emulator="qemu-riscv64 -cpu rv64 -L /usr/$prefix"
	machine='Tag_RISCV_arch: "rv64i[0-9p]*(_([mafdc]|zicsr|zifencei|zmmul)[0-9p]*)*"'
	beyond='(sh[123]add|add\.uw|slli\.uw|andn|orn|xnor|clz|ctz|cpop|max|min|ro[lr]|orc\.b|rev8'
	beyond="$beyond|b(clr|ext|inv|set)|zext\.h|sext\.[bh]|clmul|czero|v[a-z]).*[[:space:]]"
	;;
x86-64 | musl)
	# tzcnt is left out: an older machine runs it as bsf, which is the same but for 0, and gcc knows.
	prefix=x86_64-linux-gnu
	newer='-march=haswell'
	emulator=''
	machine=''
	beyond='(v[a-z0-9]+|popcnt|lzcnt|andn|bextr|bls.*|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx|movbe'
	beyond="$beyond|adcx|adox|crc32.*|cmpxchg16b|pshufb|palignr|pabs.*|ph(add|sub).*|pblend.*"
	beyond="$beyond|pextr[bdq]|pinsr[bdq]|p(max|min)(s[bd]|u[dw])|pmov[sz]x.*|pmul(dq|ld)|ptest|round.*"
	beyond="$beyond|sha.*|aes.*|rdrand)[[:space:]]"
	;;
*) fail "usage: boards.sh NAME; a preset of CMakePresets.json, not \"$name\"" ;;
esac
# The budget is 20480 bytes on every board. Three are beyond it since a fork takes no lock with it and every call of
# the system may be refused: these may only come nearer to it.
case $name in
x86-64) allowed=21040 ;;
aarch64) allowed=21856 ;;
riscv64) allowed=21440 ;;
*) allowed=20480 ;;
esac
compiler=$prefix-gcc
[ "$name" != musl ] || compiler=musl-gcc
command -v $compiler >/dev/null || skip "$compiler is not installed"

# --- build -----------------------------------------------------------------------------------
# Options in this machine's environment are none of the board's.
unset CFLAGS LDFLAGS
cmake -S "$root" --preset "$name" -B "$work/build" -DLW_WERROR=ON >"$work/log" 2>&1 &&
	cmake --build "$work/build" >>"$work/log" 2>&1 || {
	cat "$work/log" >&2
	fail "the preset $name does not build"
}
library=$work/build/liblw/liblw.so
$prefix-strip -o "$work/liblw.so" "$library"
bytes=$(stat -c %s "$work/liblw.so")
[ "$bytes" -le "$allowed" ] || fail "$name: $bytes bytes stripped; $allowed are allowed"
ok "$name: $bytes bytes stripped, of $allowed"

# --- what it needs ---------------------------------------------------------------------------
libc=libc.so.6
[ "$name" != musl ] || libc=libc.so
# dynamic TAG: its values.
dynamic() { $prefix-readelf -dW "$library" | sed -n "s/.*($1).*\[\(.*\)\]/\1/p"; }
equal "libraries needed" $libc "$(dynamic NEEDED)"
equal "its name" liblw.so.0 "$(dynamic SONAME)"
$prefix-nm -D "$library" | awk '$1 ~ /^[Uwv]$/ { print $2 }' >"$work/wanted"
[ -s "$work/wanted" ] || fail "no list of what the library wants"
if [ "$name" = musl ]; then
	grep -E '@|^__(aeabi|aarch64|gnu|[a-z]+[sdt][if][0-9])' "$work/wanted" >"$work/odd" || true
else
	grep -v -E '^[a-z0-9_]+@GLIBC_2\.([0-9]|[12][0-9]|3[0-4])(\.[0-9]+)?$' "$work/wanted" >"$work/odd" || true
fi
[ ! -s "$work/odd" ] || fail "not of libc, or newer than glibc 2.34: $(tr '\n' ' ' <"$work/odd")"
if $prefix-readelf -dW "$library" | grep -E 'TEXTREL|\(INIT\)|INIT_ARRAY'; then
	fail "the library is changed as it is loaded, or has start files"
fi
ok "$(wc -l <"$work/wanted") functions of libc, and nothing else"

aligned=$($prefix-readelf -lW "$library" | awk '$1 == "LOAD" { print $NF }' | sort -u)
case $name in
aarch64) equal "alignment of segments, for pages of 64 KiB" 0x10000 "$aligned" ;;
esac

# --- instructions ----------------------------------------------------------------------------
# Mnemonics and operands of FILE, one instruction a line.
instructions() {
	$prefix-objdump -d --no-show-raw-insn "$1" |
		sed -n 's/^ *[0-9a-f]*:[[:space:]]*//p' | sed 's/[[:space:]]*\(<.*\|[;@#] .*\|\/\/ .*\)$//; s/$/ /'
}
instructions "$library" >"$work/code"
[ "$(wc -l <"$work/code")" -gt 1000 ] || fail "only $(wc -l <"$work/code") instructions: is this the library?"
if grep -E "^(lock |rep[a-z]* )*($beyond)" "$work/code" | sort | uniq -c | sort -rn | head -20 | grep . >&2; then
	fail "instructions that the board does not have"
fi
if grep -n -E '\.insn|undefined|\(bad\)|<unknown>' "$work/code" | head -5 | grep . >&2; then
	fail "instructions that the disassembler does not know"
fi
printf '%s\n' "$machine" | tr ';' '\n' | while read -r tag; do
	$prefix-readelf -A "$library" | grep -q -E "^ *$tag\$" || [ -z "$tag" ] ||
		fail "not $tag: $($prefix-readelf -A "$library" | grep -E 'arch|FP' | tr '\n' ' ')"
done
case $name in
armv6*)
	if $prefix-readelf -sW "$library" | grep -q '[$]t'; then
		fail "Thumb code on ARMv6"
	fi
	;;
esac
ok "no instruction of a newer machine among $(wc -l <"$work/code")"

# Sums and atomic operations that every newer machine has instructions for, and the allocator itself.
cat >"$work/newer.c" <<'PROGRAM'
unsigned long bits(unsigned long x) { return __builtin_popcountl(x) + __builtin_clzl(x); }
long divide(long a, long b) { return a / b; }
int add(int *p) { return __atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST); }
int rotate(int x) { return (x & ~0xff0) * 77 + 0x12345; }
PROGRAM
# shellcheck disable=SC2086
$compiler $newer -O2 -c -o "$work/newer.o" "$work/newer.c" || fail "$compiler $newer"
instructions "$work/newer.o" >"$work/code"
grep -q -E "^(lock |rep[a-z]* )*($beyond)" "$work/code" || fail "the search finds nothing in code made with $newer"
found=$(grep -E "^(lock |rep[a-z]* )*($beyond)" "$work/code" | awk '{ print $1 }' | sort -u | tr '\n' ' ')
ok "found in code made with $newer: $found"

# --- run -------------------------------------------------------------------------------------
# musl has no pvalloc of its own, and so no header that declares it.
echo '#include <stddef.h>
void *pvalloc(size_t);' >"$work/declared.h"
cat >"$work/main.c" <<'PROGRAM'
#include <lw.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <execinfo.h>
#endif
static int seen, frames;
int main(void);
static void look(void *ptr, size_t usable, enum lw_kind kind, void *arg)
{
#ifdef __GLIBC__
	void *at[20];
	frames = backtrace(at, 20);
	for (int i = 1; i < frames; i++)
		seen |= (size_t)at[i] - (size_t)main < 400;
#else
	seen = 1;
#endif
}
int main(void)
{
	void *volatile p = malloc(100);
	lw_walk(look, NULL);
	free(p);
	return seen ? 0 : 100 + frames;
}
PROGRAM

# runs COMPILER LIBRARY EMULATOR...
runs() {
	cc=$1
	with=$2
	shift 2
	for test in family statistics; do
		"$cc" -O1 -w -Werror=implicit-function-declaration -D_GNU_SOURCE -fno-builtin \
			-include "$work/declared.h" -I"$root/liblw" -o "$work/$test" "$root/tests/liblw/$test.c" \
			"$with" -Wl,-rpath,"$(dirname "$with")" -lpthread || fail "$test.c does not compile"
		"$@" "$work/$test" >"$work/out" 2>&1 || fail "$test, $*: $(grep -v '^ok' "$work/out" | head -20)"
		ok "$test: $(grep -c '^ok' "$work/out") tests pass with this library"
	done
	"$cc" -O1 -funwind-tables -w -fno-builtin -I"$root/liblw" -o "$work/main" "$work/main.c" "$with" \
		-Wl,-rpath,"$(dirname "$with")" || fail "a program does not link"
	LW_STATS=1 "$@" "$work/main" 2>"$work/err" ||
		fail "a backtrace inside liblw does not reach main: status $?: $(cat "$work/err")"
	grep -q '^liblw: extent' "$work/err" ||
		fail "no summary at the end of a program: the destructor did not run"
	ok "backtraces go through it; its destructor runs, without start files"
}

[ "$emulator$(uname -m)" != x86_64 ] || emulator='env'
command -v "${emulator:-none}" >/dev/null || command -v "${emulator%% *}" >/dev/null || {
	ok "not run: no ${emulator:-x86-64 machine} here"
	exit 0
}
[ "$emulator" = env ] || export LW_EMULATED=1
# shellcheck disable=SC2086 # an emulator and its options
runs $compiler "$library" $emulator

# The same library but for how floating-point numbers are passed, of which it has none: that of armel
# runs on ARMv6, with its libc.
case $name in
armv6*)
	command -v arm-linux-gnueabi-gcc >/dev/null || {
		ok "not run on an arm1176: arm-linux-gnueabi-gcc is not installed"
		exit 0
	}
	cmake -S "$root" --preset "$name" -B "$work/armel" -DCMAKE_C_COMPILER=arm-linux-gnueabi-gcc \
		-DCMAKE_C_FLAGS='-march=armv6k -marm' >"$work/log" 2>&1 && cmake --build "$work/armel" >>"$work/log" 2>&1 || {
		cat "$work/log" >&2
		fail "the preset $name does not build for armel"
	}
	runs arm-linux-gnueabi-gcc "$work/armel/liblw/liblw.so" qemu-arm -cpu arm1176 -L /usr/arm-linux-gnueabi
	;;
esac
