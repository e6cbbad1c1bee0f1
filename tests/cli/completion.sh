#!/bin/sh
# Completion in bash: commands, the options of the command that was typed, and nothing else.
# Arguments: lwtrace, lwview, their folders of pages.
. "$(dirname "$0")/../lib.sh"
need bash
cat >"$work/complete" <<'SCRIPT'
# complete FOLDER WORDS...: what is offered for the last word.
name=$2
source "$1/$name"
COMP_WORDS=("${@:2}")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
"$(complete -p "$name" | sed 's/.*-F \([^ ]*\).*/\1/')"
printf '%s\n' "${COMPREPLY[@]}"
SCRIPT
offers() { bash --norc "$work/complete" "$@" | sort -u | tr '\n' ' '; }
options() { "$@" --help | sed -n '/^options:/,/^$/s/^.*\(--[a-z][a-z-]*\).*/\1/p' | sort | tr '\n' ' '; }
commands() {
	"$1" --help | awk '/^commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }
		END { print "--help\n--version" }' | sort | tr '\n' ' '
}

equal "the commands of lwtrace" "$(offers "$3" lwtrace '')" "$(commands "$1")"
equal "the commands of lwview" "$(offers "$4" lwview '')" "$(commands "$2")"
equal "what begins with le" "$(offers "$4" lwview le)" "leaks "
equal "the options of record" "$(offers "$3" lwtrace record --)" "$(options "$1" record)"
equal "the options of map, behind an operand" "$(offers "$4" lwview map t.db --)" "$(options "$2" map)"
equal "one option" "$(offers "$4" lwview map t.db --zo)" "--zoom "
equal "a program behind --" "$(offers "$3" lwtrace record -- bash | tr ' ' '\n' | grep -x bash)" bash
equal "files are bash's matter" "$(offers "$4" lwview map t)" " "
equal "of an unknown command nothing is known" "$(offers "$4" lwview nonsense --)" " "
