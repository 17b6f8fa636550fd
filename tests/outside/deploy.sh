#!/usr/bin/env bash
# The deployment files, read by what will read them for real: HAProxy, Prometheus, systemd, and (built from Go, in deploy/) Docker's
# parser, Compose's loader, Kustomize and the Kubernetes API's types. Each must also find a fault that is planted in a
# copy. What is not installed is skipped, and said. Exit code 77: everything was skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH:/usr/sbin"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checked=0

# plant FILE SED-EXPRESSION: a copy of deploy/ with one fault.
plant() {
  rm -rf "$work/planted"
  cp -r deploy "$work/planted"
  sed -i "$2" "$work/planted/$1"
  ! cmp -s "deploy/$1" "$work/planted/$1" || { echo "nothing was planted in $1"; exit 1; }
}

haproxy_check() {
  STELE_BIND='*:8080' STELE_NODE_1=a:8080 STELE_NODE_2=b:8080 STELE_NODE_3=c:8080 haproxy -c -q -f "$1"
}
if command -v haproxy > /dev/null; then
  haproxy_check deploy/haproxy.cfg
  STELE_STATS_BIND=127.0.0.1:8081 haproxy_check deploy/haproxy.cfg
  plant haproxy.cfg 's/option redispatch/option redispach/'
  ! haproxy_check "$work/planted/haproxy.cfg" 2> /dev/null || { echo "haproxy.cfg: a planted fault was not found"; exit 1; }
  echo "haproxy.cfg: $(haproxy -v | head -n 1 | cut -d ' ' -f 1-3)"
  checked=1
else
  echo "haproxy.cfg: skipped, there is no haproxy"
fi

# Debian: prometheus.
if command -v promtool > /dev/null; then
  rules_check() { promtool check rules "$1/stele-alerts.yaml"; }
  touch "$work/token"
  config_check() {
    sed "s#/etc/prometheus/stele-token#$work/token#; s#- stele-alerts.yaml#- $PWD/deploy/prometheus/stele-alerts.yaml#" "$1/prometheus.yaml" > "$work/prometheus.yaml"
    promtool check config "$work/prometheus.yaml"
  }
  rules_check deploy/prometheus > "$work/rules" || { cat "$work/rules"; exit 1; }
  config_check deploy/prometheus > "$work/config" || { cat "$work/config"; exit 1; }
  plant prometheus/stele-alerts.yaml 's/max by (log)/max by log)/'
  ! rules_check "$work/planted/prometheus" > /dev/null 2>&1 || { echo "stele-alerts.yaml: a planted fault was not found"; exit 1; }
  plant prometheus/prometheus.yaml 's/scrape_interval/scrape_intervall/'
  ! config_check "$work/planted/prometheus" > /dev/null 2>&1 || { echo "prometheus.yaml: a planted fault was not found"; exit 1; }
  # The dashboard's expressions, as rules that nobody uses.
  node -e '
    const { readFileSync } = require("node:fs"), { panels } = JSON.parse(readFileSync("deploy/grafana/stele-dashboard.json", "utf8"));
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr.replaceAll("$__rate_interval", "5m")));
    const rules = expressions.map((expr, i) => ({ record: `panel_${i}`, expr }));
    console.log(JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
  ' > "$work/dashboard.yaml"
  promtool check rules "$work/dashboard.yaml" > "$work/rules" || { cat "$work/rules"; exit 1; }
  echo "prometheus, grafana: $(promtool --version 2>&1 | head -n 1 | cut -d ' ' -f 1-3)"
  checked=1
else
  echo "prometheus, grafana: skipped, there is no promtool"
fi

# systemd wants the program to be there; any other complaint is ours.
unit_check() {
  local complaints
  complaints=$(systemd-analyze verify "$1" 2>&1 | grep -v 'Command /opt/stele/.* is not executable' || true)
  [ -z "$complaints" ] || echo "$complaints"
  [ -z "$complaints" ]
}
if command -v systemd-analyze > /dev/null; then
  unit_check deploy/systemd/stele.service
  plant systemd/stele.service 's/^ProtectSystem=strict/ProtectSystm=strict/'
  ! unit_check "$work/planted/systemd/stele.service" > /dev/null || { echo "stele.service: a planted fault was not found"; exit 1; }
  systemd-analyze security --offline=true deploy/systemd/stele.service --threshold=20 --no-pager > "$work/security" ||
    { cat "$work/security"; exit 1; }
  echo "stele.service: $(tail -n 1 "$work/security" | grep -o 'Overall exposure level.*')"
  checked=1
else
  echo "stele.service: skipped, there is no systemd-analyze"
fi

# The config files: a node takes every option, and then misses the key.
node -e '
  const { parse } = require("yaml"), { readFileSync, writeFileSync } = require("node:fs");
  const compose = parse(readFileSync("deploy/compose.yaml", "utf8"), { merge: true });
  writeFileSync(process.argv[1], compose.configs.stele.content);
' "$work/compose-stele.yaml"
for config in deploy/kubernetes/config.yaml deploy/systemd/stele.yaml "$work/compose-stele.yaml"; do
  code=0
  node packages/cli/bin/stele.ts serve --config "$config" --data "$work/data" --key "$work/no-key" --host 127.0.0.1 2> "$work/said" || code=$?
  if [ "$code" -ne 1 ] || ! grep -q "$work/no-key" "$work/said"; then
    echo "$config: a node does not take it:"
    cat "$work/said"
    exit 1
  fi
  echo "$(basename "$(dirname "$config")")/$(basename "$config"): each option is one of stele serve"
  checked=1
done

if command -v go > /dev/null && (cd tests/outside/deploy && go build -o "$work/deploy-check" . 2> "$work/go.log"); then
  "$work/deploy-check" deploy
  while IFS='|' read -r file expression; do
    plant "$file" "$expression"
    ! "$work/deploy-check" "$work/planted" > /dev/null || { echo "$file: a planted fault was not found ($expression)"; exit 1; }
  done << 'FAULTS'
Dockerfile|s/^WORKDIR/WORKDIRR/
compose.yaml|s/cap_drop/cap_dropp/
kubernetes/stateful-set.yaml|s/readOnlyRootFilesystem/readOnlyRootFileSystem/
kubernetes/stateful-set.yaml|s/replicas: 3/replicas: three/
kubernetes/services.yaml|s/kind: Service/kind: Servise/
kubernetes/kustomization.yaml|s/services.yaml/service.yaml/
FAULTS
  checked=1
else
  [ ! -e "$work/go.log" ] || tail -n 3 "$work/go.log"
  echo "Dockerfile, compose.yaml, kubernetes: skipped, their parsers can't be built here"
fi

[ "$checked" -eq 1 ] || exit 77
