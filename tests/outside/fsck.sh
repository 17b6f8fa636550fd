#!/usr/bin/env bash
# Tessera's fsck, which others wrote, audits a served log of 100,000 entries, and must fail on a copy in which one
# bit is flipped. Exit code 77: skipped, with a reason.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"

command -v go > /dev/null || { echo "skipped: there is no Go to build Tessera's fsck with"; exit 77; }

work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; wait; rm -rf "$work"' EXIT
export GOBIN=$work/bin

# The released version exits 0 even on corruption, so what it prints decides; the pinned one does both.
fsck_module=github.com/transparency-dev/tessera/cmd/fsck
go install "$fsck_module@1811ae1a7c40" 2> /dev/null ||
  go install "$fsck_module@v1.0.4" 2> "$work/go.log" ||
  { cat "$work/go.log"; echo "skipped: Tessera's fsck can't be had from here"; exit 77; }

fsck() {
  local output code=0
  output=$("$GOBIN/fsck" --ui=false --N=4 --public_key="$work/vkey" --storage_url="$1" 2>&1) || code=$?
  echo "$output" | tail -n 3 | cut -c 1-200
  [ "$code" -eq 0 ] && ! grep -q "fsck failed" <<< "$output"
}

serve() {
  node packages/cli/bin/stele.ts serve --data "$1" --port "$2" --segment-entries 65536 > "$work/node-$2.log" 2>&1 &
  for _ in $(seq 300); do
    curl -fsS "http://127.0.0.1:$2/readyz" > /dev/null 2>&1 && return
    sleep 0.1
  done
  cat "$work/node-$2.log"
  return 1
}

serve "$work/data" 18081
node tests/outside/fill.ts http://127.0.0.1:18081 100500
node packages/cli/bin/stele.ts key show --url http://127.0.0.1:18081 > "$work/vkey"

echo "A whole log:"
fsck http://127.0.0.1:18081/logs/main/ || { echo "fsck refused a whole log"; exit 1; }
node tests/outside/copy-tiles.ts http://127.0.0.1:18081/logs/main "$work/copy"

echo "A copy of its tiles:"
fsck "file://$work/copy/" || { echo "fsck refused a whole copy"; exit 1; }

echo "The copy with one bit flipped, in an entry and in a hash:"
for path in tile/entries/123 tile/0/077; do
  cp "$work/copy/$path" "$work/kept"
  node -e 'const fs = require("node:fs"); const bytes = fs.readFileSync(process.argv[1]); bytes[1000] ^= 4; fs.writeFileSync(process.argv[1], bytes)' "$work/copy/$path"
  if fsck "file://$work/copy/"; then
    echo "fsck did not notice a flipped bit in $path"
    exit 1
  fi
  cp "$work/kept" "$work/copy/$path"
done
