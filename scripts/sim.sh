#!/usr/bin/env bash
# Two ready scenarios in their short form, and a page of them: what a newcomer runs
# first. A scenario fails if what it measures leaves the bounds that it states.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

go build -o "$dir/pappus" ./cmd/pappus
for name in line dandelion-plus-plus; do
	"$dir/pappus" sim run --short --out "$dir/$name.jsonl" "$name"
done
"$dir/pappus" sim report --out "$dir/report" "$dir/line.jsonl" "$dir/dandelion-plus-plus.jsonl"
for file in index.html line.short.csv line.short-precision.svg dandelion-plus-plus.short.csv; do
	test -s "$dir/report/$file" || { echo "the report lacks $file"; exit 1; }
done

# A sweep that is done makes nothing again, and one that is cut off goes on.
head -c -20 "$dir/line.jsonl" >"$dir/cut.jsonl"
"$dir/pappus" sim run --short --out "$dir/cut.jsonl" line 2>"$dir/said" >"$dir/table"
grep -q "unfinished run" "$dir/said" || { echo "nothing was said of a cut-off line:"; cat "$dir/said"; exit 1; }
"$dir/pappus" sim run --short --out "$dir/line.jsonl" line 2>/dev/null | diff - "$dir/table"
echo "two scenarios, their report and a cut-off sweep: as they should be"
