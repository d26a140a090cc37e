# Sourced by the scripts that run real nodes: a folder and a list of processes that go
# with the script, and functions to start, ask and wait. Ports are free ones.

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
	echo "$(basename "$0"): $*" >&2
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
