#!/usr/bin/env bash
# Two real nodes on a private network: one mines, the other follows, is killed,
# comes back, and both stop when they are told to. Ports are free ones.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

. scripts/nodes.bash

height() { on "$1" rpc getblockcount; }
tip() { on "$1" rpc getbestblockhash; }
reached() { [ "$(height "$1")" -ge "$2" ]; }
agree() { [ "$(tip a)" = "$(tip b)" ]; }
gone() { ! kill -0 "$1" 2>/dev/null; }

echo "building"
make -s build

echo "the first node mines"
start a --mine --mine-every 1s
first=$started
await 30 "its API answers" height a
await 60 "it has 5 blocks" reached a 5

echo "the second node follows"
addr=$(grep -m1 '^/ip4/127\.0\.0\.1/tcp/' "$dir/a/regtest/addrs") || fail "no loopback address in $(cat "$dir/a/regtest/addrs")"
echo "  connects to $addr"
start b --connect "$addr"
second=$started
await 30 "its API answers" height b
await 30 "it has the first one's tip" agree
before=$(height b)
for _ in 1 2 3; do
	next=$(($(height a) + 1))
	await 30 "the first one mines block $next" reached a "$next"
	begin=$EPOCHREALTIME
	await 5 "the second one has it" reached b "$next"
	took=$(since "$begin")
	[ "$took" -le 1000 ] || fail "block $next took $took ms to the second node"
done
echo "  from height $before to $(height b)"

echo "the commands see it"
on b status || fail "status calls the second node unhealthy"
on b peers list
on a chain info
[ "$(on b rpc getconnectioncount)" -ge 1 ] || fail "the second node has no connection"

echo "a second process on the same folder is refused"
if refusal=$("$bin" node --network regtest --datadir "$dir/a" --api off 2>&1); then
	fail "it ran"
fi
echo "  $refusal"
grep -q "$first" <<<"$refusal" || fail "it does not name the holder, $first"

echo "kill -9 of the second node, and a new start"
kept=$(height b)
kill -9 "$second"
await 5 "it is gone" gone "$second"
start b --connect "$addr"
second=$started
await 30 "its API answers" height b
await 30 "it has what it had, height $kept" reached b "$kept"
await 30 "it has the first one's tip" agree

echo "both stop when they are told to"
kill -TERM "$first" "$second"
await 5 "the first is gone" gone "$first"
await 5 "the second is gone" gone "$second"
wait "$first" || fail "the first one's exit code is $?"
wait "$second" || fail "the second one's exit code is $?"
for file in addrs api; do
	[ ! -e "$dir/a/regtest/$file" ] || fail "$file is still there after a clean stop"
done

echo "the chain is whole on disk"
on b chain verify
on b chain export "$dir/chain.dat"
on c chain import "$dir/chain.dat"
echo "smoke: all fine"
