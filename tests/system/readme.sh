#!/bin/sh
# What the README says is there: files, CMake options, commands and their help, variables.
. "$(dirname "$0")/../lib.sh"
build=${LW_BUILD:-$root/build}
readme=$root/README.md

grep -o -E '`(liblw|tracer|viewer|tests)/[^` ]*`' "$readme" | tr -d '`' | sort -u >"$work/paths"
while read -r path; do
	[ -e "$root/$path" ] || fail "the README names $path"
done <"$work/paths"
ok "$(wc -l <"$work/paths") paths exist"

grep -o -E '^\| `LW_[A-Z_]*`' "$readme" | tr -d '|` ' >"$work/names"
while read -r name; do
	grep -q -w "$name" "$root/CMakeLists.txt" || fail "no such CMake option: $name"
done <"$work/names"
grep -o -E '^(option|set)\((LW_[A-Z_]+)' "$root/CMakeLists.txt" | sed 's/.*(//' | while read -r name; do
	grep -q -x "$name" "$work/names" || fail "the README does not tell the option $name"
done
ok "$(wc -l <"$work/names") options of CMake"

grep -o -E '`LW_[A-Z_]+=[a-z0-9]+`' "$readme" | tr -d '`' | cut -d= -f1 | sort -u | while read -r name; do
	grep -q "\"$name\"" "$root"/liblw/*.[ch] || fail "liblw does not read $name"
done
ok "variables"

version=$("$build/viewer/lwview" --version | sed 's/.* //')
grep -o -E '(liblw is|version) [0-9]+\.[0-9]+\.[0-9]+' "$readme" | sed 's/.* //' | sort -u >"$work/versions"
equal "the one version in the README, of the first entry in CHANGELOG.md, and of lwview" "$version" \
	"$(cat "$work/versions")" "$(sed -n 's/^## \([0-9.]*\).*/\1/p' "$root/CHANGELOG.md" | head -1)"

grep -o -E '^ {4}(lwtrace|lwview) [a-z]+' "$readme" | sort -u >"$work/commands"
while read -r tool verb; do
	case $tool in
	lwtrace) program=$build/tracer/lwtrace ;;
	*) program=$build/viewer/lwview ;;
	esac
	"$program" "$verb" --help >"$work/help" || fail "$tool $verb --help: status $?"
	[ "$(wc -l <"$work/help")" -ge 3 ] || fail "$tool $verb --help says next to nothing"
done <"$work/commands"
[ "$(wc -l <"$work/commands")" -ge 9 ] || fail "the README shows only $(wc -l <"$work/commands") commands"
ok "$(wc -l <"$work/commands") commands have help"
