#!/usr/bin/env bash
# What a devnet takes: scripts/devnetbench.sh N… prints for each number of nodes, three times,
# the time until all have the same tip and a transaction has reached them, the most memory
# it held, its share of a core once it runs, and how long it takes to end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/nodes.bash

# value NAME prints a line of the devnet's status in kB.
value() { awk -v name="$1:" '$1 == name {print $2}' "/proc/$devnet/status"; }
ticks() { awk '{print $14 + $15}' "/proc/$devnet/stat"; }

make -s build
span=20
printf '%6s %9s %9s %10s %9s\n' nodes ready-s peak-MB core-share end-ms
for nodes in "$@"; do
	for run in 1 2 3; do
		"$bin" devnet "$nodes" --at "$dir/at" --listen-api 127.0.0.1:0 </dev/null >"$dir/devnet.log" 2>&1 &
		devnet=$!
		pids+=("$devnet")
		until grep -q '^ready' "$dir/devnet.log"; do
			kill -0 "$devnet" 2>/dev/null || fail "it has ended: $(cat "$dir/devnet.log")"
			sleep 0.1
		done
		ready=$(sed -n 's/^ready after \([0-9.]*\) s.*/\1/p' "$dir/devnet.log")
		before=$(ticks)
		sleep "$span"
		share=$(($(ticks) - before)) # in hundredths of a second
		peak=$(($(value VmHWM) / 1000))
		begin=$EPOCHREALTIME
		kill -INT "$devnet"
		wait "$devnet" || fail "run $run: the exit code is $?"
		printf '%6d %9s %9d %9d%% %9d\n' "$nodes" "$ready" "$peak" "$((share / span))" "$(since "$begin")"
	done
done
