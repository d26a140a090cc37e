#!/usr/bin/env bash
# For each way to spread transactions a private network of five real nodes: one submits
# a transaction that it has made with the program's own commands, all five have it, and
# the one that submitted it can tell how it went. The networks run side by side.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/nodes.bash

# What a mined block pays to nobody in particular needs no signature. The address is
# the one of BIP 173's examples.
address=bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080

# value NAME prints a field of the JSON that comes in.
value() { sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" | head -1; }

addr() { grep -m1 '^/ip4/127\.0\.0\.1/tcp/' "$dir/$1/regtest/addrs"; }
has() { on "$1" rpc getmempoolentry "$2"; }
same() { [ "$(on "$1" rpc getbestblockhash)" = "$(on "$2" rpc getbestblockhash)" ]; }
linked() { [ "$(on "$1" rpc getconnectioncount)" -eq "$2" ]; }
state() { on "$1" tx status --json "$2" | value state; }
in_state() { [ "$(state "$1" "$2")" = "$3" ]; }
says() { grep -q "$3" <<<"$(on "$1" tx status "$2")"; } # not through a pipe: grep -q ends before its writer

# network NAME runs one network: NAME0 to NAME4, each of which has dialled two others.
network() {
	local name=$1 n other block coin raw tx begin
	for n in 0 1 2 3 4; do
		await 60 "$name$n listens" test -s "$dir/$name$n/regtest/addrs"
		await 60 "$name$n answers" on "$name$n" rpc uptime
	done
	on "${name}0" rpc generate 101 >/dev/null
	for n in 0 1 2 3 4; do
		for other in $(((n + 1) % 5)) $(((n + 2) % 5)); do
			on "$name$n" peers add "$(addr "$name$other")" >/dev/null
		done
	done
	for n in 0 1 2 3 4; do
		await 60 "$name$n has four peers" linked "$name$n" 4
		await 60 "$name$n has the chain" same "$name$n" "${name}0"
	done

	block=$(on "${name}2" rpc getblockhash 1)
	coin=$(on "${name}2" rpc getblock "$block" | grep -A1 '"tx"' | grep -o '[0-9a-f]\{64\}')
	raw=$(on "${name}2" rpc createrawtransaction "[{\"txid\":\"$coin\",\"vout\":0}]" "[{\"$address\":49.9999}]")
	on "${name}2" tx send --dry-run "$raw"
	begin=$EPOCHREALTIME
	tx=$(on "${name}2" tx send "$raw")
	for n in 0 1 2 3 4; do
		await 120 "$name$n has the transaction" has "$name$n" "$tx"
	done
	echo "$name: all five after $(since "$begin") ms"
	# Somebody shows it back, or is asked for what waits there: every 15 s, exponential.
	await 180 "${name}2 has seen it back" in_state "${name}2" "$tx" seen
	echo "$name: seen back after $(since "$begin") ms"
	on "${name}4" rpc generate 1 >/dev/null
	await 60 "${name}2 knows that it is mined" in_state "${name}2" "$tx" mined

	on "${name}2" tx status "$tx"
	for step in submitted fluffed 'seen back' 'mined .*height 102'; do
		says "${name}2" "$tx" "$step" || fail "$name: the status lacks '$step'"
	done
	case $name in
	dandelion*) says "${name}2" "$tx" stemmed || fail "$name: the status lacks its stem" ;;
	*) ! says "${name}2" "$tx" stemmed || fail "$name: the status speaks of a stem" ;;
	esac
	if on "${name}1" tx status "$tx" 2>/dev/null; then
		fail "$name: a node that did not submit it takes it for its own"
	fi
}

echo "building"
make -s build

networks=()
# run NAME FLAG… starts five nodes and their story.
run() {
	local name=$1 n
	shift
	for n in 0 1 2 3 4; do
		start "$name$n" "$@"
	done
	network "$name" >"$dir/story.$name.log" 2>&1 &
	networks+=("$!:$name")
}

begin=$EPOCHREALTIME
run flood --broadcast flood
run diffusion --broadcast diffusion
run gossip --broadcast gossip
run dandelion --broadcast dandelion
run dandelion-diffusion --broadcast dandelion --fluff diffusion
failed=0
for n in "${networks[@]}"; do
	if wait "${n%%:*}"; then
		grep -v '^  ' "$dir/story.${n#*:}.log"
	else
		failed=1
		echo "---- ${n#*:} failed:"
		cat "$dir/story.${n#*:}.log"
	fi
done
[ "$failed" -eq 0 ] || fail "not every way reaches everybody"

echo "all stop when they are told to"
kill -TERM "${pids[@]}"
for pid in "${pids[@]}"; do
	wait "$pid" || fail "a node's exit code is $?"
done
echo "spread: all fine after $(since "$begin") ms"
