#!/bin/sh
# Programs that nobody here wrote do under liblw exactly what they do under ptmalloc.
#
#   programs.sh LIB.so [NAME...]      all rows, or those named;  programs.sh --list  names them
#
# A row is a name and a command, or a function below for what takes more than one. It runs twice;
# its output and status must agree, and liblw must say in its summary (LW_STATS=1) that it was there.
set -eu
rows() {
	cat <<-'ROWS'
	python3      under env PYTHONMALLOC=malloc /usr/bin/python3 -S objects.py
	redis        redis_commands
	git          git_repack
	gcc          gcc_object
	perl         under perl hashes.pl
	lua          under lua5.4 tables.lua
	xmllint      under xmllint --format input.xml
	ghostscript  under gs -q -dNOPAUSE -dBATCH -sDEVICE=pgmraw -r50 -sOutputFile=- input.ps
	sqlite3      under sqlite3 -init insert.sql :memory: .quit
	c++          under ./containers
	fork         under ./fork-threads
	ROWS
}
if [ "${1:-}" = --list ]; then
	rows | cut -d' ' -f1
	exit 0
fi
. "$(dirname "$0")/../lib.sh"
[ $# -gt 0 ] || fail "usage: programs.sh LIB.so [NAME...]"
candidate=$(realpath "$1")
shift

# Runs a command under the allocator of this turn; liblw's own line goes to a file of its own.
under() {
	LW_STATS=1 LD_PRELOAD=$library "$@" 2>>"$turn.err"
}

# A server, three kinds of load with 50 clients, then what it holds: asked of it and of its maps.
redis_commands() {
	mkdir "$turn.redis"
	ln -s "$(command -v redis-check-rdb)" "$turn.redis/redis-server"
	# Not through `under`: $! has to be the server's own id, not that of a shell around it.
	LW_STATS=1 LD_PRELOAD=$library "$turn.redis/redis-server" --port 0 --unixsocket "$turn.redis/sock" \
		--dir "$turn.redis" --save '' --appendonly no --loglevel warning >"$turn.redis/log" 2>>"$turn.err" &
	server=$!
	children="$children $server"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		redis-cli -s "$turn.redis/sock" ping >/dev/null 2>&1 && break
		sleep 0.1
	done
	for load in set lpush hset; do
		redis-benchmark -s "$turn.redis/sock" -q -c 50 -n 20000 -r 5000 -d 100 -t $load >"$turn.redis/$load" 2>&1 ||
			fail "redis-benchmark -t $load under $library: $(tail -2 "$turn.redis/$load")"
	done
	redis-cli -s "$turn.redis/sock" llen mylist
	redis-cli -s "$turn.redis/sock" eval "for i = 1, 3000 do redis.call('set', 'k' .. i, ('v'):rep(i)) end
		local n = 0 for i = 1, 3000 do n = n + #redis.call('get', 'k' .. i) end return n" 0
	redis-cli -s "$turn.redis/sock" debug change-repl-id >/dev/null 2>&1 || true
	redis-cli -s "$turn.redis/sock" del mylist
	grep -c "$(basename "$library")" "/proc/$server/maps" >"$turn.maps" || true
	[ "$library" = "$base" ] || [ "$(cat "$turn.maps")" -gt 0 ] || fail "redis-server does not map $library"
	redis-cli -s "$turn.redis/sock" shutdown nosave >/dev/null 2>&1 || true
	code=0
	wait $server || code=$?
	echo "ended with $code"
}

git_repository() {
	git -c init.defaultBranch=main init -q "$1"
	awk 'BEGIN { for (i = 0; i < 20000; i++) print "line", i, i * i % 1009 }' >"$1/text"
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		for f in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
			awk -v n=$n -v f=$f 'BEGIN { for (i = 0; i < 400; i++) print f, i, i % (f + 3) == n % f ? n : "" }' >"$1/file$f"
		done
		sed -i "s/line $n.* /changed $n /" "$1/text"
		git -C "$1" add . && git -C "$1" commit -q -m "change $n"
	done
}

git_repack() {
	export HOME="$work" GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a \
		GIT_COMMITTER_EMAIL=a@b GIT_AUTHOR_DATE='@1700000000 +0000' GIT_COMMITTER_DATE='@1700000000 +0000'
	[ -d "$work/repository" ] || git_repository "$work/repository"
	cp -r "$work/repository" "$turn.git"
	under git -C "$turn.git" -c pack.threads=2 repack -a -d -f -q --depth=50 --window=50
	under git -C "$turn.git" -c pack.threads=1 repack -a -d -f -q
	under git -C "$turn.git" fsck --full
	under git -C "$turn.git" log -p --stat | cksum
	cksum <"$(ls "$turn.git"/.git/objects/pack/*.pack)"
}

gcc_object() {
	under gcc -O2 -c input.c -o "$turn.o" -frandom-seed=lw
	objdump -d "$turn.o" | tail -n +4 | cksum
	cksum <"$turn.o"
}

# turn NAME: one run under the current library; stdout and the status into files.
take_turn() {
	turn=$work/$1-$2
	: >"$turn.err"
	code=0
	shift 2
	(cd "$inputs" && "$@") >"$turn.out" </dev/null || code=$?
	printf "\nstatus %d\n" $code >>"$turn.out"
}

base=libc.so.6
inputs=${LW_INPUTS:-$work/in}
[ -e "$inputs/fork-threads" ] || sh "$root/tests/system/inputs.sh" "$inputs"
rows >"$work/rows"
while read -r name command; do
	case " ${*:-$name} " in *" $name "*) ;; *) continue ;; esac
	for library in $base "$candidate"; do
		# shellcheck disable=SC2086 # the command is a list of words
		take_turn "$name" "$(basename "$library")" $command
	done
	[ "$(tail -n 1 "$work/$name-$base.out")" = "status 0" ] ||
		fail "$name fails under ptmalloc: $(tail -n 3 "$work/$name-$base.err")"
	same "$name: output under $(basename "$candidate")" "$work/$name-$base.out" "$turn.out"
	case $candidate in
	*liblw*) grep -q liblw "$turn.err" || fail "$name: liblw was not active" ;;
	esac
	grep -v liblw "$turn.err" >"$turn.err2" || true
	same "$name: error output" "$work/$name-$base.err" "$turn.err2"
	ok "$name: $(wc -c <"$turn.out") bytes of output, $(grep -c liblw "$turn.err" || true) processes under liblw"
done <"$work/rows"
[ "$checks" -gt 0 ] || fail "no such row: $*"
