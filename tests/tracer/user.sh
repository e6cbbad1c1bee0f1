#!/bin/sh
# user.sh SCRIPT ARGS...: runs another script of this folder as an ordinary user, when root runs the tests.
. "$(dirname "$0")/../lib.sh"
script=$root/tests/tracer/$1
shift
other() { setpriv --reuid 4242 --regid 4242 --clear-groups "$@"; }
[ "$(id -u)" = 0 ] || skip "the tests run as an ordinary user already"
other true 2>/dev/null || skip "cannot become another user"
other test -x "$LWTRACE" || skip "another user cannot reach the build"
other env -u LW_PRIVATE HOME=/nonexistent sh "$script" "$@"
