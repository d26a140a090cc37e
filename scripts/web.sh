#!/usr/bin/env bash
# The dashboard's page: its types, format and lint, its unit tests, and that the
# committed page is what its sources are built to, byte for byte.
#
#	scripts/web.sh          check
#	scripts/web.sh build    build it anew into api/web/dist
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../api/web"

. ../../scripts/node.bash

if ! has_node; then
	[ "${1:-}" != build ] || exit 1
	echo "SKIPPED: the page was NOT checked" >&2
	exit 0
fi
install_packages

if [ "${1:-}" = build ]; then
	npm run --silent build
	exit 0
fi
npm run --silent types
npm run --silent lint
npm run --silent test
again=$(mktemp -d)
trap 'rm -rf "$again"' EXIT
npm run --silent build -- --outDir "$again" --emptyOutDir --logLevel warn
if ! diff -rq dist "$again"; then
	echo "api/web/dist is not what the sources are built to: run make web and commit it" >&2
	exit 1
fi
bytes=$(cat dist/index.html dist/assets/*.js dist/assets/*.css | gzip -9 | wc -c)
echo "the page is $bytes bytes compressed"
[ "$bytes" -le 1000000 ] || {
	echo "that is more than 1 MB" >&2
	exit 1
}
