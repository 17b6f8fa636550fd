#!/usr/bin/env bash
# A verifier that was written from docs/spec alone (verify.py) agrees with `stele verify` about a whole log, while the
# node runs and after it stopped, and refuses copies that were tampered with. Exit code 77: skipped, with a reason.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"

command -v python3 > /dev/null || { echo "skipped: there is no Python"; exit 77; }
work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; wait; rm -rf "$work"' EXIT
python3 -m venv "$work/venv" && "$work/venv/bin/pip" install --quiet pyarrow cryptography > "$work/pip.log" 2>&1 ||
  { tail -n 3 "$work/pip.log"; echo "skipped: pyarrow and cryptography can't be had from here"; exit 77; }

log=$work/data/logs/main
outside() { "$work/venv/bin/python" tests/outside/verify.py "$@"; }

node tests/faults/node-main.ts "{\"dataDir\":\"$work/data\",\"segmentEntries\":8192}" > "$work/url" 2> "$work/node.log" &
node_pid=$!
for _ in $(seq 300); do
  [ -s "$work/url" ] && break
  sleep 0.1
done
node tests/outside/fill.ts "$(cat "$work/url")" 20300
for _ in $(seq 300); do
  [ "$(ls "$log/segments" | wc -l)" -ge 2 ] && break
  sleep 0.2
done
cp "$log/checkpoint" "$work/seen"
for i in $(seq 700); do echo "{\"action\":\"door.opened\",\"actor\":{\"id\":\"ann\"},\"reason\":\"$i\"}"; done |
  node packages/cli/bin/stele.ts append --url "$(cat "$work/url")" --quiet
vkey=$(node packages/cli/bin/stele.ts key show --data "$work/data")

echo "A log that a node is running on, the checkpoint seen before, and the same log at rest:"
outside "$log" "$vkey" "$work/seen"
stele() { node packages/cli/bin/stele.ts "$@" --url "$(cat "$work/url")" --quiet; }
stele key rotate > "$work/keys"
echo '{"action":"key.rotated","actor":{"id":"ann"}}' | stele append
stele key retire > "$work/keys"
echo '{"action":"key.retired","actor":{"id":"ann"}}' | stele append
outside "$log" "$(stele key show)"
kill "$node_pid" && wait "$node_pid"
found=$(outside "$log" "$vkey" "$work/seen")
stele=$(node packages/cli/bin/stele.ts verify "$work/data" --key "$vkey" --state "$work/state" --json |
  node -p 'const { tree_size, root } = JSON.parse(fs.readFileSync(0)); `${tree_size} ${root}`')
echo "$found"
[ "$found" = "$stele" ] || { echo "stele verify says $stele"; exit 1; }

echo "Copies that were tampered with:"
for change in entry segment frame checkpoint end forged keys; do
  rm -rf "$work/copy" && cp -r "$log" "$work/copy"
  # Statements that are held back: then nobody says that the new key is the log's.
  if [ "$change" = keys ]; then rm -r "$work/copy/keys"; else "$work/venv/bin/python" tests/outside/tamper.py "$work/copy" "$change"; fi
  if outside "$work/copy" "$vkey"; then
    echo "nobody noticed: $change"
    exit 1
  fi
done
