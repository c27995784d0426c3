#!/usr/bin/env bash
# Compares a scan of FOLDER with reading and parsing its Apex alone, and prints the scan's peak memory.
#
#   benches/compare.sh FOLDER [PAIRS] [THREADS]
#
# PAIRS of runs are made in turns (default 7), with THREADS threads each (default: one a core). What is
# counted stands in benches/compare.rs. Nothing else should run on the machine meanwhile.
set -euo pipefail

if [ $# -lt 1 ] || [ ! -d "$1" ]; then
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
folder=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/.."
exec cargo bench --quiet --bench compare -- "$folder" "$@"
