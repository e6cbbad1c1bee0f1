#!/bin/sh
# SPDX-License-Identifier: MIT
# What --json prints is what doc/json/NAME.schema.json says, whole or filtered, and CSV has the same
# columns. Arguments: lwview, generate.
. "$(dirname "$0")/../lib.sh"
set +e # each sentence is tried
lwview=$1 generate=$2
python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed"

"$generate" "$work/t" 3000 300 >/dev/null && "$lwview" load -q "$work/t" -o "$work/made-up.db" || exit 1
"$generate" "$work/b" 2000 300 >/dev/null && "$lwview" load -q "$work/b" -o "$work/base.db" || exit 1
databases=made-up
if [ -d "$root/traces/good" ]; then # fresh.sh removes it
	"$lwview" load -q "$root/traces/good/liblw-sqlite/trace" -o "$work/sqlite.db" || exit 1
	databases='made-up sqlite'
fi
for schema in "$root"/doc/json/*.schema.json; do
	name=$(basename "$schema" .schema.json)
	set -- "$name"
	case $name in
	check) set -- check --max-leaks 1GiB --max-latency 1s ;;
	compare) set -- compare "$work/base.db" ;;
	esac
	for database in $databases; do
		for filter in '' '--end 90%' '--min-size 10'; do
			[ "$name $filter" != 'rss --min-size 10' ] || continue # refused
			# shellcheck disable=SC2086 # an option and its value
			"$lwview" "$@" "$work/$database.db" $filter --json \
				>"$work/$name+$database $filter.json" || fail "$* $database.db $filter: status $?"
		done
		"$lwview" "$@" "$work/$database.db" --csv >"$work/$name+$database.csv" 2>/dev/null
	done
done
# A wrong unit would be seen.
sed 's/size_bytes/size/' "$work/sizes+made-up .json" >"$work/sizes+wrong.json"

cat >"$work/check.py" <<'EOF_PYTHON'
import glob, json, os, sys
from jsonschema.validators import validator_for

def faults(path):
    name = os.path.basename(path).split("+")[0]
    schema = json.load(open(f"{sys.argv[1]}/{name}.schema.json"))
    validator = validator_for(schema)
    validator.check_schema(schema)
    rows = json.load(open(path))
    yield from (fault.message for fault in validator(schema).iter_errors(rows))
    if not rows and path.endswith(" .json"):
        yield "empty"
    csv = path.split(" ")[0] + ".csv"
    if name != "info" and os.path.exists(csv):
        if open(csv).readline().strip() != ",".join(schema["items"]["required"]):
            yield "the columns of CSV are not the keys of JSON"

for path in sorted(glob.glob("*.json")):
    for fault in faults(path):
        print(f"{path}: {fault}")
EOF_PYTHON
(cd "$work" && python3 check.py "$root/doc/json") >"$work/faults" || fail "the check itself failed"
grep -q '^sizes+wrong.json: ' "$work/faults" || fail "a key without its unit passed"
grep -v '^sizes+wrong.json: ' "$work/faults" >"$work/unexpected" && fail "$(cat "$work/unexpected")"
[ $failures = 0 ]
