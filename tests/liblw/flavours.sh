#!/bin/sh
# The allocator's tests in every way that its sources are built on this machine:
#   flavours.sh [-n OPERATIONS] [-t TEST]... NAME...     plain, classes, debug, ubsan, tsan, refused, traced
# OPERATIONS are those of the model test, 30000 without it; its seed is printed.  Without TEST all of
# them run; tsan has the model test alone.
. "$(dirname "$0")/../lib.sh"
here=$root/tests/liblw
operations=30000
chosen=''
while getopts n:t: option; do
	case $option in
	n) operations=$OPTARG ;;
	t) chosen="$chosen $OPTARG" ;;
	*) fail "usage: flavours.sh [-n OPERATIONS] [-t TEST]... plain|classes|debug|ubsan|tsan|refused|traced..." ;;
	esac
done
shift $((OPTIND - 1))
compiler=${CC:-cc}
options='-O2 -g -std=gnu11 -w -D_GNU_SOURCE -DCHECK_SECONDS=1000 -fno-builtin-malloc -fno-builtin-calloc
	-fno-builtin-realloc -fno-builtin-free -fno-builtin-memalign -fno-builtin-aligned_alloc
	-fno-builtin-posix_memalign'

# compile TEST FLAGS [SOURCES]: SOURCES stand in front of the allocator.
compile() {
	case $1 in
	system | broken | contract) sources="-O1 -fno-strict-aliasing $2 $here/$1.c" ;;
	model) sources="$here/$1.c $root/liblw/lw_check.c" ;;
	*) sources="$here/$1.c $root/liblw/lw.c" ;;
	esac
	[ -z "${unit:-}" ] || sources="$here/$1.c $unit"
	# shellcheck disable=SC2086 # lists of words
	$compiler $options $2 -I"$root/liblw" -rdynamic -o "$work/$1" $sources ${3:-} -lpthread -ldl ||
		fail "$1.c does not compile with $2"
}

# passes FLAVOUR TEST: runs it; a failing one is shown.
passes() {
	arguments=''
	[ "$2" != model ] || arguments=$operations
	# shellcheck disable=SC2086 # a word or none
	"$work/$2" $arguments >"$work/out" 2>&1 || {
		grep -v '^ok' "$work/out" | head -100 >&2
		fail "$1: $2"
	}
	ok "$1: $2, $(grep -c '^ok' "$work/out") tests$(sed -n 's/^# \([0-9]* operations.*\)/, \1/p' "$work/out")"
}

# everything FLAVOUR FLAGS
everything() {
	for test in ${chosen:-family faults threads fork sized system contract statistics broken model}; do
		compile "$test" "$2"
		passes "$1" "$test"
	done
}

# Each call of the system refused: at first, from the second on, every third; as old kernels have it, and
# where memory is locked.
flavour_refused() {
	unit=$here/refused.c
	for refused in grow=1+ grow=%3 shrink=1+ map=%3 map=%2 unmap=1+ remap=1+ remap=%2 return=1+ return=%2 \
		populate=1+ key=1+ value=%2 atfork=1+ 'grow=1+ return=1+ populate=1+'; do
		export REFUSE="$refused"
		for test in ${chosen:-family threads fork sized model}; do
			compile "$test" '-O1 -fno-strict-aliasing'
			passes "refused: $refused" "$test"
		done
	done
	unset REFUSE unit
}

flavour_plain() { everything plain ''; }
# Other numbers of classes than the one that ships: what follows from it is derived.
flavour_classes() {
	for classes in 32 48 128; do
		everything "$classes classes" -DLW_CLASSES=$classes
	done
}
flavour_debug() { everything debug '-O0 -DLW_ASSERT'; }
flavour_ubsan() {
	export UBSAN_OPTIONS=print_stacktrace=1
	everything ubsan '-fsanitize=undefined -fno-sanitize-recover=all'
}

# What threads do to each other's lists. ThreadSanitizer has a malloc of its own: beside it ours goes
# by other names.  tsan.exceptions tells which words are read while another thread may change them.
flavour_tsan() {
	flags='-fsanitize=thread'
	for function in malloc free calloc realloc reallocarray memalign aligned_alloc posix_memalign valloc \
		pvalloc malloc_usable_size malloc_trim; do
		flags="$flags -D$function=lw_$function"
	done
	echo 'int main(void) { return 0; }' >"$work/empty.c"
	$compiler -fsanitize=thread -o "$work/empty" "$work/empty.c" && "$work/empty" 2>"$work/err" ||
		skip "ThreadSanitizer does not work here: $(head -1 "$work/err")"
	export TSAN_OPTIONS="die_after_fork=0 history_size=7 suppressions=$here/tsan.exceptions"
	compile model "$flags"
	passes tsan model
}

# The hooks and the functions in front, and a stand-in for LTTng that takes what they report.
flavour_traced() {
	front=''
	for file in "$root"/tracer/inside/*.c "$root"/tracer/inside/below/liblw.c \
		"$root"/tracer/inside/below/freed.c "$root"/tracer/inside/below/pools.c; do
		[ "${file##*/}" = lw_provider.c ] || front="$front $file"
	done
	$compiler $options -I"$root" -shared -fPIC -o "$work/liblw-provider.so" \
		"$root/tests/tracer/fake_provider.c" -lpthread || fail "fake_provider.c does not compile"
	export FAKE_AFTER=1 FAKE_FILE="$work/facts"
	for test in ${chosen:-family faults threads fork sized statistics model}; do
		compile $test "-DLW_TRACE -I$root -I$root/tracer/inside/below" "$front"
		passes traced $test
		[ -s "$FAKE_FILE" ] || fail "traced: $test: nothing was recorded"
	done
}

[ $# -gt 0 ] || fail "which flavour: plain, classes, debug, ubsan, tsan, refused or traced?"
for name; do
	case $name in
	plain | classes | debug | ubsan | tsan | refused | traced) flavour_"$name" ;;
	*) fail "no flavour is called \"$name\"" ;;
	esac
done
