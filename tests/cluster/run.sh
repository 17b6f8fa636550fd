#!/usr/bin/env bash
# Faults against a replicated store, with what they need installed first. Exit code 77: skipped, with a reason.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH:/usr/sbin"

programs=(ceph-mon ceph-mgr ceph-osd radosgw ceph haproxy)
packages=(ceph-mon ceph-mgr ceph-osd radosgw ceph-common haproxy)

missing() {
  for program in "${programs[@]}"; do
    command -v "$program" > /dev/null || { echo "$program"; return; }
  done
}

[ "$(id -u)" -eq 0 ] || { echo "skipped: Ceph's daemons are started as root"; exit 77; }
if [ -n "$(missing)" ]; then
  command -v apt-get > /dev/null || { echo "skipped: there is no $(missing), and no apt-get to install it"; exit 77; }
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  { apt-get update -q && apt-get install -q -y --no-install-recommends "${packages[@]}"; } > "$log" 2>&1 ||
    { tail -n 3 "$log"; echo "skipped: ${packages[*]} can't be installed here"; exit 77; }
fi
npm run --silent test:cluster
