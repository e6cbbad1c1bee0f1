#!/bin/sh
# overhead.sh: what recording costs a malloc and free pair.  A measurement, no test:
#   LWTRACE=build/tracer/lwtrace TOOLS=build/tests/tracer/tools tests/tracer/overhead.sh
. "$(dirname "$0")/../lib.sh"
private "$@"
set +e # each sentence is tried

for allocator in ptmalloc liblw; do
	printf '%-9s untraced  ' "$allocator"
	case $allocator in
	ptmalloc) "$TOOLS/pairs" ;;
	*) LD_PRELOAD=$(dirname "$LWTRACE")/../liblw/liblw.so "$TOOLS/pairs" ;;
	esac
	printf '%-9s idle      ' "$allocator"
	env $("$LWTRACE" env --allocator $allocator) "$TOOLS/pairs"
	printf '%-9s recorded  ' "$allocator"
	"$LWTRACE" record -q -f -o trace --strict --allocator $allocator -- "$TOOLS/pairs"
done
