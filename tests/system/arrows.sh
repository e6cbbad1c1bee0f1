#!/bin/sh
# The includes run one way. What a folder may include is a row of the table; no file includes itself by
# way of others, a module being a .c and its .h; and the headers of a library are read in one file.
. "$(dirname "$0")/../lib.sh"
cd "$root"

# FOLDER, or FILE where it differs from its folder: the folders that it may include besides its own.
# `viewer` is what lies in viewer/ itself; made are files that no .c or .h is.
table() {
	cat <<-'TABLE'
	liblw:
	liblw/lw_trace.h: seam
	cli:
	traces/format:
	tracer/inside: liblw traces/format
	tracer/recorder: cli traces/format
	viewer/load: viewer cli traces/format
	viewer/ask: viewer cli
	viewer/draw: viewer viewer/ask cli made
	viewer: cli made
	viewer/view.h: viewer/ask cli
	viewer/commands.h: viewer/ask cli
	viewer/main.c: viewer/load viewer/ask viewer/draw cli traces/format
	TABLE
}

# LIBRARY  PATTERN of its headers
libraries() {
	cat <<-'TABLE'
	babeltrace2 babeltrace2/
	SQLite sqlite3\.h
	libdw elfutils/
	LTTng's-control lttng/lttng\.h
	LTTng-UST lttng/tracepoint
	TABLE
}

# FILE INCLUDED, both from the root of the tree.
find liblw cli tracer viewer traces/format -name '*.[ch]' | sort >"$work/files"
while read -r file; do
	folder=${file%/*}
	sed -n 's/^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' "$file" | while read -r name; do
		for path in "$folder/$name" "$name"; do
			[ ! -e "$path" ] || break
		done
		case $name in
		*.inc) path=made/$name ;;
		lw_below.h) [ -e "$path" ] || path=seam/$name ;; # the traced build alone finds it
		esac
		echo "$file $path"
	done
done <"$work/files" >"$work/includes"
[ "$(wc -l <"$work/includes")" -gt 100 ] || fail "only $(wc -l <"$work/includes") includes seen"

set +e
table >"$work/table"
awk -v table="$work/table" '
	function folder(path) {
		sub("/[^/]*$", "", path)
		sub("^tracer/inside/.*", "tracer/inside", path)
		return path
	}
	BEGIN {
		FS = ": *"
		while ((getline <table) > 0) {
			known[$1] = 1
			n = split($2, words, " ")
			for (i = 1; i <= n; i++)
				may[$1, words[i]] = 1
		}
		FS = " "
	}
	{
		$0 = $0
		from = $1 in known ? $1 : folder($1)
		to = folder($2)
		if (to !~ /^(made|seam)$/ && system("test -e " $2))
			print $1 " includes " $2 ": neither beside it nor in the tree by that path"
		else if (!(from in known))
			print $1 ": its folder is not in the table"
		else if (folder($1) != to && !((from, to) in may))
			print $1 " includes " $2
	}' "$work/includes" >"$work/wrong"
[ ! -s "$work/wrong" ] || fail "against the arrows:
$(cat "$work/wrong")"

sed 's/\.[ch]\( \|$\)/\1/g' "$work/includes" | awk '$1 != $2' | sort -u >"$work/modules"
tsort "$work/modules" >"$work/order" 2>"$work/circles" || fail "modules that include each other:
$(sed 's/^tsort: //; /input contains a loop/d' "$work/circles")"

libraries >"$work/libraries"
while read -r library pattern; do
	xargs grep -l "^[ \t]*#[ \t]*include[ \t]*<$pattern" <"$work/files" >"$work/found"
	[ "$(wc -l <"$work/found")" = 1 ] || fail "$library is read in $(wc -l <"$work/found") files, not in one:
$(cat "$work/found")"
done <"$work/libraries"
[ $failures != 0 ] || ok "$(wc -l <"$work/includes") includes in $(wc -l <"$work/files") files"
