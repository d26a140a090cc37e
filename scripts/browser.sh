#!/usr/bin/env bash
# The dashboard of a real devnet in Debian's Chromium.
#
#	scripts/browser.sh              the tests; screenshots are left in api/web/e2e/out
#	scripts/browser.sh figures N    how soon and how smooth the page is with N nodes
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../api/web"

. ../../scripts/node.bash

skip() {
	echo "SKIPPED: the dashboard was NOT tested in a browser: $1" >&2
	exit 0
}

# has_chromium installs it where it may.
has_chromium() {
	command -v chromium >/dev/null && return
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return
	echo "installing chromium"
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
}

has_node || skip "no Node.js"
has_chromium || skip "there is no chromium, and it cannot be installed from here"
install_packages
(cd ../.. && make -s build)
PAPPUS=$(cd ../.. && pwd)/.bin/pappus
CHROMIUM=$(command -v chromium)
export PAPPUS CHROMIUM
if [ "${1:-}" = figures ]; then
	FIGURES=1 NODES=${2:-20} npm run --silent e2e
	exit
fi
rm -rf e2e/out
npm run --silent e2e
