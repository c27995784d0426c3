#!/usr/bin/env bash
# Installs seamlint into a folder and prints the folder that holds the program, for PATH.
#
#   packaging/install.sh FOLDER
#
# VERSION (environment): the release, such as v0.1.0; empty for the one of this source; `source` to build
# this source with cargo. Where this system has no released binary, the source is built.
# SEAMLINT_RELEASES (environment): where releases are downloaded from; a file:// address works too.
set -euo pipefail

folder=${1:?usage: install.sh FOLDER}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=${VERSION:-v$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)}
releases=${SEAMLINT_RELEASES:-https://github.com/seamlint/seamlint/releases/download}
mkdir -p "$folder/bin"

case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) target=x86_64-unknown-linux-musl ;;
    Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
    Darwin-x86_64) target=x86_64-apple-darwin ;;
    Darwin-arm64) target=aarch64-apple-darwin ;;
    MINGW*-x86_64 | MSYS*-x86_64 | CYGWIN*-x86_64) target=x86_64-pc-windows-msvc ;;
    *) target= ;;
esac

if [ "$version" = source ] || [ -z "$target" ]; then
    cargo install --quiet --locked --path "$root" --root "$folder" >&2
    echo "$folder/bin"
    exit
fi

archive=seamlint-$target.tar.gz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for file in "$archive" "$archive.sha256"; do
    curl --fail --silent --show-error --location --retry 3 --output "$work/$file" "$releases/$version/$file" ||
        { echo "cannot download $releases/$version/$file; is $version a release of seamlint?" >&2; exit 1; }
done
if command -v sha256sum > /dev/null; then check="sha256sum"; else check="shasum -a 256"; fi
(cd "$work" && $check --check --status "$archive.sha256") ||
    { echo "$archive does not have the checksum that the release states" >&2; exit 1; }
tar -xzf "$work/$archive" -C "$folder/bin"
echo "$folder/bin"
