#!/usr/bin/env bash
# Builds the packages around a binary of this machine, installs each into a clean place and scans with it.
#
#   packaging/test.sh BINARY
#
# What a package needs (node and npm, python3 with venv, curl) is looked for; what is not there is told
# and skipped.
set -euo pipefail

binary=$(realpath "${1:?usage: test.sh BINARY}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) target=x86_64-unknown-linux-musl ;;
    Linux-aarch64) target=aarch64-unknown-linux-musl ;;
    Darwin-x86_64) target=x86_64-apple-darwin ;;
    Darwin-arm64) target=aarch64-apple-darwin ;;
    *) echo "no package for this system"; exit 1 ;;
esac

# The program at $1 is the one that was packed, and works: the example has errors, so it exits with 1.
works() {
    [ "$("$1" --version)" = "$("$binary" --version)" ] || { echo "$1 is another version"; exit 1; }
    code=0
    "$1" scan --quiet examples/orders > "$work/out" 2>&1 || code=$?
    [ "$code" = 1 ] || { echo "$1 ended with $code instead of 1:"; cat "$work/out"; exit 1; }
    echo "ok: ${1#"$work/"}"
}

has() { command -v "$1" > /dev/null; }

if has node && has npm; then
    node packaging/npm/build.mjs "$work/npm" "$target=$binary"
    for package in "$work"/npm/*/; do
        (cd "$package" && npm pack --silent --pack-destination "$work" > /dev/null)
    done
    npm install --silent --no-audit --no-fund --prefix "$work/node" "$work"/*.tgz
    works "$work/node/node_modules/.bin/seamlint"
    # Without the package of the platform, the way out is told.
    rm -rf "$work/node/node_modules/@seamlint"
    code=0
    "$work/node/node_modules/.bin/seamlint" 2> "$work/out" || code=$?
    if [ "$code" != 2 ] || ! grep -q "optional dependencies" "$work/out"; then
        echo "npm: a missing platform package ended with $code:"; cat "$work/out"; exit 1
    fi
else
    echo "skipped: npm (node and npm are not installed)"
fi

if has python3 && python3 -c 'import venv, ensurepip' 2> /dev/null; then
    python3 packaging/pypi/build.py "$work/wheels" "$target=$binary" > /dev/null
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index "$work"/wheels/*.whl
    works "$work/venv/bin/seamlint"
    "$work/venv/bin/pip" uninstall --quiet --yes seamlint
    [ ! -e "$work/venv/bin/seamlint" ] || { echo "pip leaves the program behind"; exit 1; }
else
    echo "skipped: PyPI (python3 with venv is not installed)"
fi

if has curl; then
    packaging/archive.sh "$target" "$binary" "$work/releases/v9.9.9"
    installed=$(VERSION=v9.9.9 SEAMLINT_RELEASES="file://$work/releases" packaging/install.sh "$work/action")
    works "$installed/seamlint"
    echo "x" >> "$work/releases/v9.9.9/seamlint-$target.tar.gz"
    if VERSION=v9.9.9 SEAMLINT_RELEASES="file://$work/releases" packaging/install.sh "$work/bad" 2> "$work/out"; then
        echo "an archive with the wrong checksum was installed"; exit 1
    fi
    grep -q checksum "$work/out"
    echo "ok: a wrong checksum is refused"
else
    echo "skipped: release archive (curl is not installed)"
fi
