#!/bin/sh
# Makes in the folder $1 what the programs of programs.sh work on.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
rm -rf "$1"
sh "$root/tests/bench/inputs.sh" "$1"
cc -O2 -pthread -o "$1/fork-threads" "$root/tests/programs/fork-threads.c"
