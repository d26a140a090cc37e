#!/usr/bin/env bash
# The plan's launcher with real nodes: what CI runs of it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bin=$PWD/.bin
make -s build
(cd testground && go build -o "$bin/plan" ./plan && go build -o "$bin/launch" ./launch)

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# plan CASE FLAG… runs a case; what its instances wrote is shown if it fails.
plan() {
	local name=$1
	shift
	echo "plan: $name $*"
	if ! "$bin/launch" -plan "$bin/plan" -binary "$bin/pappus" -case "$name" -outputs "$dir/$name" -timeout 100s "$@"; then
		tail -n 20 "$dir/$name"/*/node.log "$dir/$name"/*/run.out
		exit 1
	fi
}

plan sync -instances 5
plan broadcast -instances 6 -param mechanism=dandelion -param embargo=2s -param txs=1

# With namespaces of their own, links of 20 ms, and a cut that drops packets.
if [ "$(id -u)" = 0 ] && [ -w /dev/net/tun ] && unshare -n true 2>/dev/null; then
	plan partition -net tun -instances 4 -param latency=20ms -param cut=3s
else
	echo "plan: SKIPPED: partition over shaped links: that needs Linux, root and /dev/net/tun"
fi
echo "plan: all fine"
