#!/bin/sh
# user.sh SCRIPT ARGS...: runs another script of this folder as an ordinary user, when root runs the tests.
here=$(dirname "$0") script=$1
shift
[ "$(id -u)" = 0 ] || { echo "SKIP: the tests run as an ordinary user already"; exit 77; }
setpriv --reuid 4242 --regid 4242 --clear-groups true 2>/dev/null || { echo "SKIP: cannot become another user"; exit 77; }
setpriv --reuid 4242 --regid 4242 --clear-groups test -x "$LWTRACE" || { echo "SKIP: another user cannot reach the build"; exit 77; }
exec setpriv --reuid 4242 --regid 4242 --clear-groups env -u LW_PRIVATE HOME=/nonexistent \
	sh "$here/$script" "$@"
