#!/usr/bin/env bash
# A private network of twenty real nodes grows from one DNS name: `pappus seeder` has been told
# of the first of them, the others know the name and nothing else. All of them open the links
# that they want, by themselves, and one block reaches all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/nodes.bash

nodes=20
# Links that each node opens. Ten, the default, would be more than the pairs that there are.
links=5

addr() { grep -m1 '^/ip4/127\.0\.0\.1/tcp/' "$dir/$1/regtest/addrs"; }
# kinds NAME prints what its links are for, one a line.
kinds() { on "$1" rpc getpeerinfo | sed -n 's/^ *"connection_type": "\([^"]*\)",\{0,1\}$/\1/p'; }
# Two nodes have one link: a node to which most others come, as to the first, has few left to dial.
has_links() {
	local all
	all=$(kinds "$1")
	[ "$(grep -c -e outbound-full-relay -e block-relay-only <<<"$all")" -ge "$links" ] || [ "$(wc -l <<<"$all")" -ge $((3 * links)) ]
}
names() { grep -q '"named": *[1-9]' <(on_health); }
on_health() { exec 3<>"/dev/tcp/${health%:*}/${health##*:}"; printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3; cat <&3; exec 3>&-; }
same() { [ "$(on "$1" rpc getbestblockhash)" = "$(on "$2" rpc getbestblockhash)" ]; }

echo "building"
make -s build

start n0 --outbound "$links"
await 60 "n0 listens" test -s "$dir/n0/regtest/addrs"

"$bin" seeder --network regtest --zone seed.test --server localhost.test --mail a@seed.test --dns 127.0.0.1:0 --health 127.0.0.1:0 \
	--connect "$(addr n0)" </dev/null >"$dir/seeder.log" 2>&1 &
pids+=("$!")
await 30 "the seeder answers" grep -q answering "$dir/seeder.log"
dns=$(sed -n 's/.*answering.* dns=\([^ ]*\).*/\1/p' "$dir/seeder.log" | head -1)
health=$(sed -n 's/.*answering.* health=\([^ ]*\).*/\1/p' "$dir/seeder.log" | head -1)
await 60 "the seeder names n0" names

echo "growing"
begin=$EPOCHREALTIME
for n in $(seq 1 $((nodes - 1))); do
	start "n$n" --outbound "$links" --seed seed.test --dns-server "$dns"
done
for n in $(seq 0 $((nodes - 1))); do
	await 60 "n$n answers" on "n$n" rpc uptime
done
for n in $(seq 0 $((nodes - 1))); do
	await 120 "n$n has its links" has_links "n$n"
done
echo "all links of all nodes after $(since "$begin") ms"

on n7 rpc generate 1 >/dev/null
for n in $(seq 0 $((nodes - 1))); do
	await 60 "n$n has the block" same "n$n" n7
done
for n in 0 7 19; do
	echo "n$n: $(kinds "n$n" | sort | uniq -c | tr -s ' \n' ' ')"
done

echo "all stop when they are told to"
kill -TERM "${pids[@]}"
for pid in "${pids[@]}"; do
	wait "$pid" || fail "a process's exit code is $?"
done
echo "grow: all fine after $(since "$begin") ms"
