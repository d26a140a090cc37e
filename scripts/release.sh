#!/usr/bin/env bash
# Builds the archives of a release into dist/: for each platform the static program with
# its manual page, completions, service and licence; what it is made of (SPDX); checksums.
# The same commit gives the same bytes, wherever it is built: nothing depends on paths,
# times, users or the order of files. Needs Go of the version in go.mod and GNU tar.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

platforms=${PLATFORMS:-linux/amd64 linux/arm64 darwin/amd64 darwin/arm64}
version=${VERSION:-$(git describe --tags --always --dirty)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export CGO_ENABLED=0 GOFLAGS=-mod=readonly GOTOOLCHAIN=local TZ=UTC LC_ALL=C
umask 022

rm -rf dist
mkdir -p dist/work
build() { go build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X main.version=$version" -o "$1" ./cmd/pappus; }

# The texts come from a program for this machine.
build dist/work/host
for platform in $platforms; do
	os=${platform%/*} arch=${platform#*/}
	name=pappus-$version-$os-$arch
	folder=dist/work/$name
	mkdir -p "$folder/completions"
	GOOS=$os GOARCH=$arch build "$folder/pappus"
	cp README.md LICENSE CHANGELOG.md docs/pappus.1 deploy/pappus.service "$folder/"
	for shell in bash zsh fish; do dist/work/host completion $shell >"$folder/completions/pappus.$shell"; done
	dist/work/host version --sbom "$folder/pappus" >"dist/$name.spdx.json"
	cp "dist/$name.spdx.json" "$folder/pappus.spdx.json"
	tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar -C dist/work -cf - "$name" | gzip -n -9 >"dist/$name.tar.gz"
done
rm -rf dist/work
(cd dist && sha256sum -- *.tar.gz *.spdx.json | tee SHA256SUMS)
