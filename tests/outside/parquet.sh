#!/usr/bin/env bash
# A reader that others wrote (pyarrow) opens sealed segments as plain Parquet and recomputes the hashes that the log
# committed to, with nothing of Stele's code. Exit code 77: skipped, with a reason.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"

command -v python3 > /dev/null || { echo "skipped: there is no Python"; exit 77; }
work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; wait; rm -rf "$work"' EXIT
python3 -m venv "$work/venv" && "$work/venv/bin/pip" install --quiet pyarrow > "$work/pip.log" 2>&1 ||
  { tail -n 3 "$work/pip.log"; echo "skipped: pyarrow can't be had from here"; exit 77; }

node packages/cli/bin/stele.ts serve --data "$work/data" --port 18083 --segment-entries 8192 > "$work/node.log" 2>&1 &
for _ in $(seq 300); do
  curl -fsS http://127.0.0.1:18083/readyz > /dev/null 2>&1 && break
  sleep 0.1
done
node tests/outside/fill.ts http://127.0.0.1:18083 20000
for _ in $(seq 300); do
  [ "$(ls "$work/data/logs/main/segments" | wc -l)" -ge 2 ] && break
  sleep 0.2
done
"$work/venv/bin/python" tests/outside/parquet.py "$work/data/logs/main"
