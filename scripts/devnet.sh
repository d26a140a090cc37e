#!/usr/bin/env bash
# A devnet of five from the built binary: it comes up, nodes are added and killed, it is
# parted and healed, a transaction is followed through the stream of events, and after
# Ctrl-C nothing is left. scripts/devnet.sh --processes does the same with five processes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/nodes.bash

at=$dir/at
mkdir "$dir/tmp"
net() { "$bin" devnet "$@" --at "$at"; }
status() { net status --json; }
ready() { status | tr -d ' \n' | grep -c '"ready":true' >/dev/null; }
# heights prints the heights of the nodes that run, each once.
heights() { net status | awk '$2 == "up" || $2 == "syncing" {print $3}' | sort -u; }
agree() { [ "$(heights | wc -l)" -eq 1 ]; }
nodes() { net status | awk '$2 == "'"$1"'"' | wc -l; }
are() { [ "$(nodes "$1")" -eq "$2" ]; }
links_cross() { curl -sf "http://$addr/api/v1/network" | tr '{' '\n' | grep -cE '"from":"n(1|2)","to":"n[3-9]"|"from":"n[3-9]","to":"n(1|2)"' >/dev/null; }
whole() { ! links_cross; }
event() { grep -q "^event: $1\$" "$dir/events"; }
traced() { grep -A1 "^event: $1\$" "$dir/events" | grep -c "$2" >/dev/null; }
fluffed() { [ "$(grep -A1 '^event: tx_accepted$' "$dir/events" | grep -c "$1")" -ge "$2" ]; }

echo "building"
make -s build

echo "five nodes come up"
begin=$EPOCHREALTIME
TMPDIR=$dir/tmp "$bin" devnet 5 --at "$at" --listen-api 127.0.0.1:0 --embargo 3s "$@" </dev/null >"$dir/devnet.log" 2>&1 &
devnet=$!
pids+=("$devnet")
await 30 "it says where it is" test -s "$at/api"
addr=$(cat "$at/api")
await 60 "it is ready" ready
echo "  ready after $(since "$begin") ms"
await 5 "it prints its address" grep -q "http://$addr/#token=" "$dir/devnet.log"

echo "whoever has no token only looks"
curl -sf "http://$addr/" >/dev/null || fail "no page at /"
curl -sf "http://$addr/api/v1/network" >/dev/null || fail "the picture is not for everybody"
code=$(curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d '{}' "http://$addr/api/v1/devnet/add")
[ "$code" = 401 ] || fail "adding a node without the token gives $code"
code=$(curl -s -o /dev/null -w '%{http_code}' -H 'Host: evil.example' "http://$addr/api/v1/network")
[ "$code" = 403 ] || fail "another Host gives $code"

echo "a transaction is followed by its events"
curl -sN "http://$addr/events?kinds=tx_sent,tx_stemmed,tx_fluffed,tx_accepted,tx_mined,node_added,node_killed,partitioned,healed" >"$dir/events" &
pids+=($!)
await 5 "the stream begins" test -s "$dir/events"
tx=$(net send --from n2 --json | grep -o '[0-9a-f]\{64\}')
await 10 "it is sent" traced tx_sent "$tx"
await 30 "it goes along its stem" traced tx_stemmed "$tx"
await 30 "all five have it" fluffed "$tx" 5
net mine --name n1
await 30 "it is mined" traced tx_mined "$tx"

echo "a node is added, one is killed"
net add
await 30 "six are up, in step" eval 'are up 6 && agree'
net kill n3
await 10 "one is down" are down 1
net mine 2 --name n1
net restart n3
await 30 "it has caught up" eval 'are up 6 && agree'

echo "the network is parted and heals"
net partition n1,n2
await 10 "no link crosses the gap" whole
net mine 3 --name n4
net heal
await 60 "all have the same tip again" agree
for kind in node_added node_killed partitioned healed; do
	await 5 "the event $kind" event "$kind"
done

echo "spies listen"
net spy 0.3
net status

echo "Ctrl-C ends it and leaves nothing"
begin=$EPOCHREALTIME
kill -INT "$devnet"
wait "$devnet" || fail "the exit code is $?"
echo "  ended after $(since "$begin") ms"
[ ! -e "$at" ] || fail "left: $(ls -A "$at")"
[ -z "$(ls -A "$dir/tmp")" ] || fail "left: $(ls -A "$dir/tmp")"
for process in /proc/[0-9]*; do
	line=$(tr '\0' ' ' 2>/dev/null <"$process/cmdline") || continue
	[[ $line != *"$dir/tmp"* ]] || fail "left: process ${process#/proc/}: $line"
done
! curl -s "http://$addr/healthz" >/dev/null || fail "somebody still answers at $addr"
if net status 2>"$dir/gone.log"; then fail "status speaks of a network that is gone"; fi
cat "$dir/gone.log"
echo "devnet: all fine"
