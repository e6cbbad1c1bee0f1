#!/bin/sh
# refusals.sh: what cannot work is refused in one sentence, with the status of its kind.
. "$(dirname "$0")/../lib.sh"
private "$@"
set +e # each sentence is tried

record="$LWTRACE record -q -o trace --allocator ptmalloc"

expect "a program that does not exist is 127" 127 $record -- no-such-program
says "and is named" 'name="no-such-program"'
expect "a path that does not exist is 127" 127 $record -- ./no-such-program
says "and is named" 'path="./no-such-program"'

echo data >data
expect "a file that is not executable is 126" 126 $record -- ./data
says "and the reason is told" 'Permission denied\|cannot run program'
expect "a folder is 126" 126 $record -- /tmp
says "and the reason is told" 'not a regular file'

expect "a static program is refused" 125 $record -- "$TOOLS/static"
says "and the reason is told" 'static program'

printf '#!%s\n' "$TOOLS/static" >script
chmod +x script
expect "a script of a static interpreter is refused" 125 $record -- ./script
says "and the reason is told" 'static program'
printf '#!/no/such/interpreter\n' >script
expect "a script without interpreter is 126" 126 $record -- ./script
says "and the interpreter is named" '/no/such/interpreter'

# The head of a program of the other word size is enough.
if [ "$(getconf LONG_BIT)" = 64 ]; then class='\001'; else class='\002'; fi
{ printf "\177ELF$class\001\001"; head -c 100 /dev/zero; } >other
chmod +x other
expect "a program of another word size is refused" 125 $record -- ./other
says "and the reason is told" 'another architecture'

if [ "$(id -u)" = 0 ]; then
	cp "$(command -v ls)" setuid && chown 1:1 setuid && chmod 4755 setuid
	expect "a setuid program is refused" 125 $record -- ./setuid
	says "and the reason is told" 'setuid'
fi

mkdir full && echo x >full/x
expect "a folder that is no trace is not touched" 125 "$LWTRACE" record -q -f -o full -- true
says "and the reason is told" 'output exists and is no trace'
equal "what was in it is still there" "$(cat full/x)" x

expect "a good program is recorded" 0 $record -- true
expect "an existing trace is not overwritten" 125 $record -- true
says "and the way out is told" 'use -f'
expect "unless asked to" 0 "$LWTRACE" record -q -f -o trace --allocator ptmalloc -- true

expect "an unknown allocator is refused" 125 "$LWTRACE" record --allocator nonsense -- true
says "and is named" 'allocator="nonsense"'
expect "an allocator that does not exist is refused" 125 "$LWTRACE" record -a ./none.so -- true
says "and is named" './none.so'
expect "an output folder that cannot be made is refused" 125 "$LWTRACE" record -o /proc/x -- true
says "and is named" '/proc/x'
expect "a program is needed" 125 "$LWTRACE" record
says "and it is said" 'usage: lwtrace record .*PROGRAM'

equal "nothing else was left" "$(ls -I home | tr '\n' ' ')" \
	"$(ls -d data full other script setuid stderr stdout trace 2>/dev/null | tr '\n' ' ')"
