#!/bin/sh
# The packages of one board:  packages.sh [NAME]     (a preset of CMakePresets.json; without one, this
# machine's)
#
# They hold what they should and no more, for the right architecture; built again in another folder they
# are the same to the byte; what debuggers need is found by the library's build-id. Unpacked on a
# machine of that kind they serve pkg-config, CMake, C and C++.
. "$(dirname "$0")/../lib.sh"
machine=$(uname -m)
case $machine in
x86_64) own=x86-64 ;;
aarch64) own=aarch64 ;;
armv7l) own=armhf ;;
riscv64) own=riscv64 ;;
*) own='' ;;
esac
name=${1:-$own}
flavour=''
headers=usr/include
case $name in
armv6-linux-gnueabihf | armhf) triplet=arm-linux-gnueabihf architecture=armhf elf=ARM ;;
aarch64) triplet=aarch64-linux-gnu architecture=arm64 elf=AArch64 ;;
riscv64) triplet=riscv64-linux-gnu architecture=riscv64 elf=RISC-V ;;
x86-64) triplet=x86_64-linux-gnu architecture=amd64 elf=X86-64 ;;
musl) triplet=x86_64-linux-musl architecture=amd64 elf=X86-64 flavour=-musl headers=usr/include/$triplet ;;
'') skip "no preset for $machine" ;;
*) fail "usage: packages.sh [NAME]; a preset of CMakePresets.json, not \"$name\"" ;;
esac
compiler=$triplet-gcc
[ "$name" != musl ] || compiler=musl-gcc
command -v $compiler >/dev/null || skip "$compiler is not installed"
for tool in cpack dpkg-deb pkg-config readelf; do
	need $tool
done
unset CFLAGS LDFLAGS

# --- made twice, in two folders -----------------------------------------------------------------
SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 1767225600)
export SOURCE_DATE_EPOCH
# made FOLDER: the sources copied there, built, packed into FOLDER/out.
made() {
	mkdir -p "$1"
	cp -R "$root/CMakeLists.txt" "$root/CMakePresets.json" "$root/LICENSE" "$root/doc" "$root/liblw" "$1"
	{
		cmake -S "$1" --preset "$name" -B "$1/out" && cmake --build "$1/out" && (cd "$1/out" && cpack)
	} >"$work/log" 2>&1 || {
		tail -n 20 "$work/log" >&2
		fail "no packages of $name"
	}
}
made "$work/one"
sleep 1 # a clock that is looked at shows
made "$work/a/second/folder"
(cd "$work/one/out" && ls -- *.deb *.tar.gz) >"$work/list"
[ "$(wc -l <"$work/list")" = 6 ] || fail "not six packages: $(tr '\n' ' ' <"$work/list")"
while read -r package; do
	same "$package, built in another folder," "$work/one/out/$package" "$work/a/second/folder/out/$package"
	(cd "$work/one/out" && sha256sum -c --status "$package.sha256") || fail "the checksum of $package"
done <"$work/list"
ok "six packages, the same to the byte when built in another folder"

# --- what is in them ----------------------------------------------------------------------------
place=$work/place
version=$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "$work/one/out/CMakeCache.txt")
for package in liblw${flavour}0 liblw$flavour-dev liblw${flavour}0-dbgsym; do
	file=$(echo "$work"/one/out/${package}_*.deb)
	[ -f "$file" ] || fail "no package $package"
	equal "$package, architecture" $architecture "$(dpkg-deb -f "$file" Architecture)"
	case $(dpkg-deb -f "$file" Version) in
	"$version" | "$version"-*) ;;
	*) fail "$package is of version $(dpkg-deb -f "$file" Version), not $version" ;;
	esac
	case $package:$(dpkg-deb -f "$file" Depends) in
	*0:libc6\ * | *0:musl*) ;;
	*-dev:liblw${flavour}0\ \(=* | *-dbgsym:liblw${flavour}0\ \(=*) ;;
	*) fail "$package depends on: $(dpkg-deb -f "$file" Depends)" ;;
	esac
	if dpkg-deb -c "$file" | awk '$2 != "root/root"' | grep .; then
		fail "a file in $package is not root's"
	fi
	dpkg-deb -x "$file" "$place"
done
# The tars hold the same.
mkdir "$work/tars"
for file in "$work"/one/out/*.tar.gz; do
	tar -xzf "$file" -C "$work/tars"
done
diff -r --no-dereference "$place" "$work/tars" >&2 || fail "the tars hold other files than the packages"

lib=usr/lib/$triplet
shared=$place/$lib/liblw.so.$version
build_id() { readelf -n "$1" | sed -n 's/.*Build ID: \([0-9a-f]*\).*/\1/p'; }
id=$(build_id "$shared")
[ ${#id} = 40 ] || fail "the library has no build-id: $id"
symbols=usr/lib/debug/.build-id/$(echo "$id" | cut -c1-2)/$(echo "$id" | cut -c3-).debug
{
	for file in cmake/lw/lwConfig.cmake cmake/lw/lwConfigVersion.cmake cmake/lw/lwTargets-relwithdebinfo.cmake \
		cmake/lw/lwTargets.cmake liblw.a liblw.so liblw.so.0 liblw.so.$version pkgconfig/liblw.pc; do
		echo $lib/$file
	done
	echo $headers/lw.h
	echo usr/share/man/man3/liblw.3
	echo "$symbols"
	for package in liblw${flavour}0 liblw$flavour-dev liblw${flavour}0-dbgsym; do
		echo usr/share/doc/$package/copyright
	done
} | sort >"$work/expected"
(cd "$place" && find usr ! -type d | sort) >"$work/found"
same "the list of files" "$work/expected" "$work/found"
ok "$(wc -l <"$work/found") files, each with its symbols, licence and tools"

readelf -hW "$shared" | grep -q "Machine:.*$elf" ||
	fail "the library is not for $elf: $(readelf -hW "$shared" | grep Machine:)"
if readelf -SW "$shared" | grep -E '\.symtab|\.debug|\.comment'; then
	fail "the library is not stripped"
fi
if readelf -VW "$shared" | grep -i 'version definition'; then
	fail "the library gives its functions versions: its malloc would not stand in for libc's"
fi
if readelf -SW "$place/$lib/liblw.a" | grep '\.debug'; then
	fail "debug symbols in liblw.a"
fi
readelf -SW "$place/$symbols" | grep -q '\.debug_info' || fail "no debug symbols in $symbols"
equal "build-id of library and symbols" "$id" "$(build_id "$place/$symbols")"
ok "stripped: $(stat -c %s "$shared") bytes"

# Nothing tells where it was built.
for word in "$root" "$work" "${HOME:-/nonexistent}/"; do
	case $word in /root/ | //) continue ;; esac
	if grep -r -l -a -F -e "$word" "$place" >&2; then
		fail "\"$word\" is in these files"
	fi
done
readelf --debug-dump=info "$place/$symbols" 2>/dev/null >"$work/info" || true
grep -q /usr/src/liblw "$work/info" || fail "the symbols name no sources"
ok "no file names the machine that built it"

# --- in use -------------------------------------------------------------------------------------
[ "$name" = "$own" ] || {
	ok "not used: this machine is no $name"
	exit 0
}
need g++
cat >"$work/main.c" <<'PROGRAM'
#include <lw.h>
#include <stdlib.h>
#include <string.h>
int main(void)
{
	struct lw_stats stats;
	memset(&stats, 0, sizeof stats);
	stats.version = sizeof stats;
	void *volatile p = malloc(100);
	lw_stats(&stats);
	free(p);
	return !stats.live || lw_version() != LW_VERSION;
}
PROGRAM
# used PROGRAM: it runs, and under liblw.
used() {
	LD_LIBRARY_PATH=$place/$lib LW_STATS=1 "$1" 2>"$work/err" || fail "$1 fails: $(cat "$work/err")"
	grep -q '^liblw: ' "$work/err" || fail "$1 does not run under liblw"
}
PKG_CONFIG_PATH=$place/$lib/pkgconfig
export PKG_CONFIG_PATH
equal "version for pkg-config" "$version" "$(pkg-config --modversion liblw)"
# shellcheck disable=SC2046 # words
cc -Wall -Wextra -Werror -o "$work/main" "$work/main.c" $(pkg-config --cflags --libs liblw) ||
	fail "a program in C, by pkg-config"
used "$work/main"
ok "a program in C, by pkg-config"
for standard in 98 11 20; do
	# shellcheck disable=SC2046
	g++ -x c++ -std=c++$standard -pedantic -Wall -Wextra -Werror -o "$work/main" "$work/main.c" \
		$(pkg-config --cflags --libs liblw) || fail "C++$standard"
	used "$work/main"
done
ok "a program in C++98, 11 and 20"

mkdir "$work/project"
cp "$work/main.c" "$work/project/main.cc"
cat >"$work/project/CMakeLists.txt" <<'PROJECT'
cmake_minimum_required(VERSION 3.16)
project(user LANGUAGES CXX)
find_package(lw 0.1 REQUIRED)
add_executable(shared main.cc)
target_link_libraries(shared lw::lw)
add_executable(static main.cc)
target_link_libraries(static lw::static -static)
PROJECT
cmake -S "$work/project" -B "$work/project/out" -DCMAKE_PREFIX_PATH="$place/usr" \
	-DCMAKE_LIBRARY_ARCHITECTURE=$triplet >"$work/log" 2>&1 &&
	cmake --build "$work/project/out" >>"$work/log" 2>&1 || {
	tail -n 20 "$work/log" >&2
	fail "a project of CMake does not find or link lw::lw"
}
used "$work/project/out/shared"
used "$work/project/out/static"
ok "a project of CMake, with lw::lw and lw::static"
