#!/usr/bin/env bash
# Runs compositions of the plan with the real Testground: exec:go and local:exec, no
# Docker. Names are those of files in testground/compositions; without any, sync and
# broadcast. With NODE=inside the nodes run within the plan. It wants the ports 5050 and
# 8042 free, and 6379, which Testground insists on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bin=$PWD/.bin
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(sync broadcast)

echo "building Testground (the first time takes minutes), its sync service and the node"
(cd testground/tools && go build -o "$bin/testground" github.com/testground/testground)
(cd testground && go build -o "$bin/syncd" ./syncd)
make -s build

dir=$(mktemp -d)
pids=()
finish() {
	local code=$? pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	if [ "$code" -ne 0 ]; then
		echo "---- daemon.log"
		tail -n 40 "$dir/daemon.log" || true
	fi
	rm -rf "$dir"
	exit "$code"
}
trap finish EXIT

# exec:go copies one folder, tidies the module at its root and builds a package in it:
# so it gets a copy of the repository that has the manifest at its root, and a workspace
# that joins the two modules.
stage=$dir/pappus
mkdir "$stage"
git ls-files -z | tar --null -T - -c | tar -x -C "$stage"
cp testground/manifest.toml "$stage/manifest.toml"
(cd "$stage" && go work init . ./testground)

export TESTGROUND_HOME=$dir/home
# Without Docker its health checks are passed over, which is what they must be.
export DOCKER_HOST=tcp://127.0.0.1:9
mkdir "$TESTGROUND_HOME"
cat >"$TESTGROUND_HOME/.env.toml" <<-'CONFIG'
	[daemon]
	listen = "127.0.0.1:8042"
	[client]
	endpoint = "http://127.0.0.1:8042"
	user = "pappus"
CONFIG

"$bin/syncd" &
pids+=($!)
"$bin/testground" daemon >"$dir/daemon.log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do
	if (exec 3<>/dev/tcp/127.0.0.1/8042) 2>/dev/null; then break; fi
	sleep 0.1
done

"$bin/testground" plan import --from "$stage" --name pappus
for name in "${names[@]}"; do
	# The composition, with the node that was built beside it.
	binary=$bin/pappus
	[ "${NODE:-}" != inside ] || binary=
	sed "s|^\[\[groups\]\]|[global.run.test_params]\nbinary = \"$binary\"\n\n&|" "testground/compositions/$name.toml" >"$dir/$name.toml"
	echo "testground: $name"
	"$bin/testground" run composition -f "$dir/$name.toml" --wait --collect --collect-file "$dir/$name"
	mkdir "$dir/$name"
	tar -xzf "$dir/$name.tgz" -C "$dir/$name"
	# A line a figure: of each name the last that was recorded.
	find "$dir/$name" -name results.out -exec cat {} + |
		sed -n 's/.*"name":"\([^"]*\)","measures":{"value":\([^}]*\)}.*/  \1 \2/p' | sort -k1,1 -u
done
echo "testground: all fine"
