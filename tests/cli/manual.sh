#!/bin/sh
# The pages of the manual: one for each command, which mandoc has nothing to say against, with examples
# that the command understands. Arguments: lwtrace, lwview, and folders with pages of ours.
. "$(dirname "$0")/../lib.sh"
lwtrace=$1
lwview=$2
shift 2
need mandoc

# In one folder, where mandoc looks for the pages that another refers to; what is not ours may be missing.
mkdir "$work/pages"
for pages; do
	cp "$pages"/*.[1-7] "$work/pages"
done
cd "$work/pages"
mandoc -Tlint ./* 2>&1 | grep -v 'outdated mandoc.db\|not found: Xr \(gnuplot\|lttng\|sqlite3\) ' >"$work/complaints" || true
[ ! -s "$work/complaints" ] || fail "mandoc: $(head -n 5 "$work/complaints")"
ok "mandoc finds nothing in $(ls | wc -l) pages"

for program in "$lwtrace" "$lwview"; do
	name=$(basename "$program")
	for command in $("$program" --help | awk '/^commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }'); do
		page=$name-$command.1
		for section in DESCRIPTION 'EXIT STATUS' EXAMPLES; do
			grep -q -x ".Sh $section" "$page" || fail "$page has no section $section"
		done
		"$program" "$command" --help >"$work/help"
		grep -o -e '--[a-z][a-z0-9-]*' "$work/help" | sort -u >"$work/wanted"
		mandoc -Tascii "$page" | sed "s/.$(printf '\b')//g" >"$work/text"
		while read -r option; do
			grep -q -e "$option" "$work/text" || fail "$page does not tell $option"
		done <"$work/wanted"
		# The options of an example come before its program, if it is to run one.
		sed -n '/^examples:/,$s/^  //p' "$work/help" >"$work/examples"
		while read -r tool verb words; do
			[ "$tool $verb" = "$name $command" ] || fail "$page: example of another command: $tool $verb"
			sh -c "'$program' $verb --help ${words%%[\$>]*}" >"$work/out" 2>"$work/err" ||
				fail "$page: $words: $(cat "$work/err")"
		done <"$work/examples"
	done
	ok "$name: every command has its page"
done
