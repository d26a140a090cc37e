#!/usr/bin/env bash
# Two real nodes on a private network: one mines, the other follows, is killed,
# comes back, and both stop when they are told to. Ports are free ones.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

dir=$(mktemp -d)
bin=$PWD/.bin/pappus
pids=()

finish() {
	local code=$? pid log
	for pid in "${pids[@]}"; do
		kill -9 "$pid" 2>/dev/null || true
	done
	if [ "$code" -ne 0 ]; then
		for log in "$dir"/*.log; do
			echo "---- $(basename "$log")"
			tail -n 40 "$log"
		done
	fi
	rm -rf "$dir"
	exit "$code"
}
trap finish EXIT

fail() {
	echo "smoke: $*" >&2
	exit 1
}

# await SECONDS WHAT COMMAND… polls until the command succeeds.
await() {
	local seconds=$1 what=$2 begin=$EPOCHREALTIME
	shift 2
	until "$@" >/dev/null 2>&1; do
		if [ "$(since "$begin")" -gt $((seconds * 1000)) ]; then
			fail "not within $seconds s: $what"
		fi
		sleep 0.05
	done
	echo "  $what: after $(since "$begin") ms"
}

# since MOMENT prints the milliseconds since $EPOCHREALTIME was that.
since() {
	local now=$EPOCHREALTIME
	echo $(((${now/./} - ${1/./}) / 1000))
}

# start NAME FLAG… runs a node in the folder of that name; its pid is then in $started.
start() {
	local name=$1
	shift
	"$bin" node --network regtest --datadir "$dir/$name" --listen /ip4/127.0.0.1/tcp/0 --api 127.0.0.1:0 "$@" \
		</dev/null >>"$dir/$name.log" 2>&1 &
	started=$!
	pids+=("$started")
}

# on NAME COMMAND… runs a command of the program on that node.
on() {
	local name=$1
	shift
	"$bin" "$@" --network regtest --datadir "$dir/$name"
}

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
