#!/usr/bin/env bash
# Builds a release in two folders, of different names and at different times, and
# compares every byte. PLATFORMS chooses what (default: this machine's); with FRESH=1 the
# second one compiles everything anew instead of trusting the build cache.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export PLATFORMS=${PLATFORMS:-$(go env GOOS)/$(go env GOARCH)}
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT

git clone -q . "$dir/one"
git clone -q . "$dir/another with a longer name"
(cd "$dir/one" && scripts/release.sh >/dev/null)
if [ "${FRESH:-}" = 1 ]; then export GOCACHE=$dir/cache; fi
(cd "$dir/another with a longer name" && umask 077 && TZ=Asia/Tokyo scripts/release.sh >/dev/null)
diff -r "$dir/one/dist" "$dir/another with a longer name/dist"
cat "$dir/one/dist/SHA256SUMS"
