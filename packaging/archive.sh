#!/usr/bin/env bash
# Packs a binary as a release has it, with its checksum.
#
#   packaging/archive.sh TARGET BINARY FOLDER
set -euo pipefail

target=${1:?target} binary=${2:?binary} folder=${3:?folder}
archive=seamlint-$target.tar.gz
mkdir -p "$folder"
tar -czf "$folder/$archive" -C "$(dirname "$binary")" "$(basename "$binary")"
cd "$folder"
if command -v sha256sum > /dev/null; then sha256sum "$archive"; else shasum -a 256 "$archive"; fi > "$archive.sha256"
