#!/usr/bin/env bash
# A verifier of evidence that was written from docs/spec/evidence.md alone (docs/spec/verify.py) agrees with ours about good
# bundles, one of them made by a node, and about tampered ones. Exit code 77: skipped, with a reason.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"

command -v python3 > /dev/null || { echo "skipped: there is no Python"; exit 77; }
work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; wait; rm -rf "$work"' EXIT
python=python3
if ! python3 -c 'import cryptography' 2> /dev/null; then
  python=$work/venv/bin/python
  python3 -m venv "$work/venv" && "$work/venv/bin/pip" install --quiet cryptography > "$work/pip.log" 2>&1 ||
    { tail -n 3 "$work/pip.log"; echo "skipped: the Python package cryptography can't be had from here"; exit 77; }
fi

node tests/faults/node-main.ts "{\"dataDir\":\"$work/data\",\"segmentEntries\":8192}" > "$work/url" 2> "$work/node.log" &
for _ in $(seq 300); do
  [ -s "$work/url" ] && break
  sleep 0.1
done
node tests/outside/fill.ts "$(cat "$work/url")" 20300
for _ in $(seq 300); do
  [ "$(ls "$work/data/logs/main/segments" | wc -l)" -ge 2 ] && break
  sleep 0.2
done
# Of sealed entries and of hot ones.
stele() { node packages/cli/bin/stele.ts --url "$(cat "$work/url")" --quiet "$@"; }
XDG_STATE_HOME=$work/state stele export --evidence --query outcome:denied,success --limit 9000 -o "$work/node.stele-evidence"
node tests/outside/evidence.ts "$python" "$work/node.stele-evidence" "$(node packages/cli/bin/stele.ts key show --data "$work/data")"
