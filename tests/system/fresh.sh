#!/bin/sh
# A machine on which none of the packages was ever installed: a debootstrap'ed Debian 12 in a
# chroot with its own mounts and process ids. In it a clone of HEAD, with traces/ removed, runs
# ./run demo twice and ./run test, as root without sudo and as a user with sudo.
#
#   fresh.sh [root|user]...      needs root, the network and some 20 minutes for each
#
# One dated row for each goes into tests/RESULTS.md. LW_FRESH_DIR (default /var/tmp/lw-fresh) keeps
# the bare system and the downloaded packages between runs.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
place=${LW_FRESH_DIR:-/var/tmp/lw-fresh}
[ "$(id -u)" = 0 ] || { echo "fresh.sh: needs root" >&2; exit 1; }
[ $# -gt 0 ] || set -- root user

mirror() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
		grep -oE 'https?://[^ ]*debian/?( |$)' | head -1 | tr -d ' '
}

# Runs inside the new mount and process namespaces.
if [ "${1:-}" = --inside ]; then
	machine=$2
	who=$3
	# Its root is a mount point, as on any machine: a test in it makes mounts of its own.
	mount --bind "$machine" "$machine"
	mount -t proc proc "$machine/proc"
	mount -t tmpfs -o size=4g shm "$machine/dev/shm"
	mount -t tmpfs run "$machine/run"
	mkdir -p "$machine/run/lock"
	mount --bind "$place/archives" "$machine/var/cache/apt/archives"
	say() { printf 'fresh: %s\n' "$*"; }
	if [ "$who" = root ]; then
		home=/root
		enter() { chroot "$machine" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
	else
		home=/home/tester
		enter() {
			chroot --userspec=tester:tester "$machine" env -i HOME=$home USER=tester \
				PATH=/usr/bin:/bin "$@"
		}
	fi
	# timed NAME COMMAND...: output into $place/NAME.log; prints seconds and status.
	timed() {
		name=$1
		shift
		begin=$(date +%s)
		code=0
		enter sh -c "cd $home/liblw && $*" >"$place/$who-$name.log" 2>&1 </dev/null || code=$?
		seconds=$(($(date +%s) - begin))
		say "$who: $*: status $code after $seconds s"
		[ $code = 0 ] || tail -40 "$place/$who-$name.log"
		eval "${name}_s=$seconds ${name}_code=$code"
	}
	timed first ./run demo
	timed second ./run demo
	timed check ./run test
	summary=$(grep -E 'tests passed' "$place/$who-check.log" | tail -1)
	# shellcheck disable=SC2154 # set by timed
	printf '| %s | %s | %s | %s s (%s) | %s s (%s) | %s s (%s): %s |\n' "$(date -u +%Y-%m-%d)" \
		"$(git -C "$root" rev-parse --short HEAD)" "$who" "$first_s" "$first_code" "$second_s" \
		"$second_code" "$check_s" "$check_code" "$summary" >"$place/$who.row"
	[ "$first_code$second_code$check_code" = 000 ]
	exit
fi

mkdir -p "$place/archives/partial"
[ -e "$place/base/etc/debian_version" ] ||
	debootstrap --variant=minbase bookworm "$place/base" "$(mirror)" >"$place/debootstrap.log"
failed=0
for who in "$@"; do
	machine=$place/$who
	rm -rf "$machine"
	cp -a "$place/base" "$machine"
	cp /etc/resolv.conf "$machine/etc/resolv.conf" 2>/dev/null || true
	cp /etc/hosts "$machine/etc/hosts" 2>/dev/null || true
	home=$machine/root
	if [ "$who" = user ]; then
		chroot "$machine" sh -c 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
			--no-install-recommends install sudo >/dev/null && useradd -m -s /bin/bash tester &&
			echo "tester ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/tester' >"$place/sudo.log" 2>&1
		home=$machine/home/tester
	fi
	git clone -q --no-hardlinks "$root" "$home/liblw"
	rm -rf "$home/liblw/traces"
	[ "$who" = root ] || chroot "$machine" chown -R tester:tester /home/tester/liblw
	rm -f "$place/$who.row"
	unshare --mount --pid --ipc --fork --kill-child --propagation private \
		sh "$0" --inside "$machine" "$who" || failed=1
	if [ -e "$place/$who.row" ]; then
		cat "$place/$who.row" >>"$root/tests/RESULTS.md"
	fi
	[ $failed = 1 ] || rm -rf "$machine"
done
exit $failed
