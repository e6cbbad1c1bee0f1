#!/bin/sh
# The load on the server: three commands, 50 clients, then the end.
for try in 1 2 3 4 5 6 7 8 9 10; do
	redis-cli -s redis.sock ping >/dev/null 2>&1 && break
	sleep 0.1
done
redis-benchmark -s redis.sock -q -c 50 -P 16 -n 300000 -r 100000 -d 64 -t set >/dev/null
redis-benchmark -s redis.sock -q -c 50 -P 16 -n 100000 -r 100000 -d 64 -t lpush >/dev/null
redis-benchmark -s redis.sock -q -c 50 -P 16 -n 300000 -r 10000 -d 64 -t hset >/dev/null
redis-cli -s redis.sock shutdown nosave >/dev/null 2>&1
true
