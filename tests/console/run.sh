#!/usr/bin/env bash
# The console in a real Chromium, which is installed first. Exit code 77: skipped, with a reason.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"

if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
  [ -z "${CHROMIUM:-}" ] || { echo "skipped: there is no $CHROMIUM"; exit 77; }
  [ "$(id -u)" -eq 0 ] || { echo "skipped: there is no Chromium, and only root could install it"; exit 77; }
  command -v apt-get > /dev/null || { echo "skipped: there is no Chromium, and no apt-get to install it"; exit 77; }
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  { apt-get update -q && apt-get install -q -y --no-install-recommends chromium; } > "$log" 2>&1 ||
    { tail -n 3 "$log"; echo "skipped: chromium can't be installed here"; exit 77; }
fi
npm run --silent test:console
