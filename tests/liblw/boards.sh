#!/bin/sh
# The allocator's tests on other machines, under qemu-user, with musl, and under sanitizers:
#   boards.sh [NAME...]     names as in the table below
# Without a name all but tsan, which also tells of the words that are read on purpose while another
# thread changes them.
# A row whose compiler or emulator is missing is told and passed over; status 1 if a test failed.
. "$(dirname "$0")/../lib.sh"
here=$root/tests/liblw

options='-O2 -g -std=gnu11 -w -D_GNU_SOURCE -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc
	-fno-builtin-free -fno-builtin-memalign -fno-builtin-aligned_alloc -fno-builtin-posix_memalign'
# ThreadSanitizer has a malloc of its own: beside it ours goes by other names.
renamed=''
for name in malloc free calloc realloc reallocarray memalign aligned_alloc posix_memalign valloc pvalloc \
	malloc_usable_size malloc_trim; do
	renamed="$renamed -D$name=lw_$name"
done

# NAME|COMPILER|EMULATOR|FLAGS|TESTS
# musl's sbrk refuses: the tests that move the break are left out. Larger pages: those whose figures are of
# 4 KiB are left out. armv6 has the libc of armel, which any ARM runs: that of armhf is ARMv7.
v8='-march=armv8-a -mno-outline-atomics'
pages='family faults threads fork sized statistics model dlopen'
rows() {
	cat <<-TABLE
	aarch64|aarch64-linux-gnu-gcc|qemu-aarch64 -cpu cortex-a72 -L /usr/aarch64-linux-gnu|$v8|all
	aarch64-16k|aarch64-linux-gnu-gcc|qemu-aarch64 -cpu cortex-a72 -p 16384 -L /usr/aarch64-linux-gnu|$v8|$pages
	aarch64-64k|aarch64-linux-gnu-gcc|qemu-aarch64 -cpu cortex-a72 -p 65536 -L /usr/aarch64-linux-gnu|$v8|$pages
	armv6|arm-linux-gnueabi-gcc|qemu-arm -cpu arm1176 -L /usr/arm-linux-gnueabi|-march=armv6k -marm|all
	armhf|arm-linux-gnueabihf-gcc|qemu-arm -cpu cortex-a8 -L /usr/arm-linux-gnueabihf|-march=armv7-a+fp -mthumb|all
	riscv64|riscv64-linux-gnu-gcc|qemu-riscv64 -cpu rv64 -L /usr/riscv64-linux-gnu||all
	musl|musl-gcc|env|-static|family faults threads fork sized statistics model
	ubsan|gcc|env|-fsanitize=undefined -fno-sanitize-recover=all|all
	tsan|gcc|env TSAN_OPTIONS=die_after_fork=0|-fsanitize=thread$renamed|model
	TABLE
}

# compile TEST COMPILER FLAGS
compile() {
	inside="-O1 -fno-strict-aliasing"
	case $1 in
	system | broken | contract) sources="$inside $here/$1.c" ;;
	model) sources="$here/$1.c $root/liblw/lw_check.c" ;;
	bounded)
		# shellcheck disable=SC2086
		$2 $options $3 -fsanitize-coverage=trace-pc -c -o "$work/counted.o" "$root/liblw/lw.c"
		sources="$here/$1.c $work/counted.o"
		;;
	dlopen)
		# shellcheck disable=SC2086
		$2 $options $3 -I"$root/liblw" -shared -fPIC -o "$work/liblw.so" "$root/liblw/lw.c" \
			-Wl,--version-script="$root/liblw/lw.map" -Wl,-z,nodelete -lpthread
		sources="-DLW_LIBRARY=\"$work/liblw.so\" $here/$1.c"
		;;
	*) sources="$here/$1.c $root/liblw/lw.c" ;;
	esac
	# shellcheck disable=SC2086
	$2 $options $3 -rdynamic -I"$root/liblw" -o "$work/$1" $sources -lpthread -ldl
}

# board NAME COMPILER EMULATOR FLAGS TESTS; status 1 if a test failed
board() {
	for tool in "$2" "${3%% *}"; do
		command -v "$tool" >/dev/null || {
			echo "== $1: no $tool, passed over"
			return 0
		}
	done
	case $3 in
	qemu*) export LW_EMULATED=1 ;;
	*) unset LW_EMULATED ;;
	esac
	tests=$5
	[ "$tests" != all ] || tests='family faults threads fork sized system contract statistics broken model dlopen'
	bad=0
	for test in $tests; do
		arguments=''
		[ "$test" != model ] || arguments=10000 # with 30000 an emulator meets the deadline
		compile "$test" "$2" "$4" || {
			bad=1
			continue
		}
		# shellcheck disable=SC2086
		$3 "$work/$test" $arguments >"$work/out" 2>&1 || bad=1
		echo "== $1 $test: $(grep -c '^ok' "$work/out" || true) ok, $(grep -c '^not ok' "$work/out" || true) not"
		grep -v '^ok' "$work/out" | grep -v '^# [0-9]* operations' | head -60 || true
	done
	return $bad
}

status=0
[ $# -gt 0 ] || set -- aarch64 aarch64-16k aarch64-64k armv6 armhf riscv64 musl ubsan
rows >"$work/rows"
while IFS='|' read -r name compiler emulator flags tests; do
	case " $* " in
	*" $name "*) board "$name" "$compiler" "$emulator" "$flags" "$tests" </dev/null || status=1 ;;
	esac
done <"$work/rows"
exit $status
