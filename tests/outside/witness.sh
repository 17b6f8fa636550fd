#!/usr/bin/env bash
# Witnesses and logs that others wrote: litewitness, omniwitness and `stele witness` cosign what a node publishes, and answer what
# else may be asked; and `stele witness` cosigns for a Tessera log. Exit code 77: skipped, with a reason.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"

command -v go > /dev/null || { echo "skipped: there is no Go to build other witnesses with"; exit 77; }
for tool in ssh-agent ssh-add ssh-keygen curl; do
  command -v "$tool" > /dev/null || { echo "skipped: litewitness needs $tool"; exit 77; }
done

work=$(mktemp -d)
trap 'kill $(jobs -p) ${SSH_AGENT_PID:-} 2> /dev/null || true; wait; rm -rf "$work"' EXIT
export GOBIN=$work/bin

# The versions are in go.mod and go.sum. Tessera's needs others.
(cd tests/outside/witness && go install tool) 2> "$work/go.log" &&
  go install github.com/transparency-dev/tessera/cmd/examples/posix-oneshot@v1.0.4 2>> "$work/go.log" ||
  { tail -n 5 "$work/go.log"; echo "skipped: the witnesses of others can't be had from here"; exit 77; }

stele() { node packages/cli/bin/stele.ts "$@"; }

# Waits until something listens there.
listening() {
  for _ in $(seq 300); do
    curl -s "http://127.0.0.1:$1/" > /dev/null 2>&1 && return
    sleep 0.1
  done
  cat "$work"/*.log
  return 1
}

serve() {
  node packages/cli/bin/stele.ts serve --data "$work/data" --port 18090 "$@" > "$work/node.log" 2>&1 &
  node_pid=$!
  for _ in $(seq 300); do
    curl -fsS http://127.0.0.1:18090/readyz > /dev/null 2>&1 && return
    sleep 0.1
  done
  cat "$work/node.log"
  return 1
}

# The key of a node's log, which witnesses have to know before it asks them.
serve --origin node.example
node_key=$(stele key show --data "$work/data")
kill "$node_pid"
wait "$node_pid" || true

log_key=$(node tests/outside/ask-witness.ts key)

echo "litewitness:"
ssh-keygen -q -t ed25519 -N "" -f "$work/ssh-key"
eval "$(ssh-agent -a "$work/agent.sock")" > /dev/null
ssh-add -q "$work/ssh-key" 2> /dev/null
fingerprint=$(ssh-keygen -lf "$work/ssh-key.pub" | awk '{print $2}')
"$GOBIN/litewitness" -name witness.example/lite -db "$work/lite.db" -ssh-agent "$work/agent.sock" -key "$fingerprint" \
  -listen 127.0.0.1:18091 2> "$work/lite.log" &
listening 18091
# What `witnessctl add-log` and `add-key` do.
node --input-type=module -e '
  import { DatabaseSync } from "node:sqlite";
  const [path, ...keys] = process.argv.slice(1);
  const database = new DatabaseSync(path);
  database.exec("PRAGMA busy_timeout = 5000");
  const empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  for (const key of keys) {
    const [origin] = key.split("+");
    database.prepare("INSERT INTO log VALUES (?, 0, ?)").run(origin, empty);
    database.prepare("INSERT INTO key VALUES (?, ?)").run(origin, key);
  }
' "$work/lite.db" "$log_key" "$node_key"
lite_key=$(grep -om1 'vkey=[^ ]*' "$work/lite.log" | cut -d= -f2 | tr -d '"')
node tests/outside/ask-witness.ts http://127.0.0.1:18091 "$lite_key"

echo "omniwitness:"
"$GOBIN/generate_keys" --origin=witness.example/omni --out_priv="$work/omni.key" --out_pub="$work/omni.pub" > /dev/null
{
  echo "Logs:"
  for key in "$log_key" "$node_key"; do
    printf '  - Origin: %s\n    URL: http://127.0.0.1:1/\n    PublicKey: %s\n    Feeder: none\n' "${key%%+*}" "$key"
  done
} > "$work/logs.yaml"
"$GOBIN/omniwitness" --private_key_path="$work/omni.key" --db_file="$work/omni.db" --listen=127.0.0.1:18092 --metrics_listen= \
  --additional_logs="$work/logs.yaml" 2> "$work/omni.log" &
listening 18092
node tests/outside/ask-witness.ts http://127.0.0.1:18092 "$(cat "$work/omni.pub")"

echo "stele witness:"
# generate_keys makes keys of witnesses; this is one of a log, in the form of golang.org/x/mod/sumdb/note.
node --input-type=module -e '
  import { generateKeyPairSync } from "node:crypto";
  import { writeFileSync } from "node:fs";
  import { formatKeyId, formatVerifierKey, makeVerifierKey } from "@stele/proof";
  const { x, d } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const key = makeVerifierKey("log.example/tessera", 1, Buffer.from(x, "base64url"));
  const seed = Buffer.concat([Buffer.of(1), Buffer.from(d, "base64url")]).toString("base64");
  writeFileSync(process.argv[1], `PRIVATE+KEY+${key.name}+${formatKeyId(key.keyId)}+${seed}`);
  writeFileSync(process.argv[2], formatVerifierKey(key));
' "$work/tessera.key" "$work/tessera.pub"
tessera_key=$(cat "$work/tessera.pub")
key=$(stele key new --quiet --witness witness.example/stele "$work/stele.key")
node packages/cli/bin/stele.ts witness --init --key "$work/stele.key" --state "$work/state" --port 18093 \
  --log-key "$log_key" --log-key "$tessera_key" --log-key "$node_key" > "$work/stele.log" 2>&1 &
listening 18093
node tests/outside/ask-witness.ts http://127.0.0.1:18093 "$key"

echo "a Tessera log, witnessed by stele witness:"
printf 'witness w1 %s http://127.0.0.1:18093\nquorum w1\n' "$key" > "$work/policy"
mkdir "$work/entries"
for round in 1 2 3; do
  for i in 1 2 3 4 5; do echo "entry $i of round $round" > "$work/entries/$i"; done
  "$GOBIN/posix-oneshot" --storage_dir="$work/tessera" --entries="$work/entries/*" --private_key="$work/tessera.key" \
    --witness_policy_file="$work/policy" 2> "$work/tessera.log" || { cat "$work/tessera.log" "$work/stele.log"; exit 1; }
  sed -n 2p "$work/tessera/checkpoint"
  grep -q "^— witness.example/stele " "$work/tessera/checkpoint" || { echo "its checkpoint is not cosigned"; exit 1; }
done
hash=$(printf log.example/tessera | sha256sum | cut -d " " -f 1)
shown=$(curl -fsS "http://127.0.0.1:18093/$hash/checkpoint")
[ "$(sed -n 2p <<< "$shown")" = "$(sed -n 2p "$work/tessera/checkpoint")" ] || { echo "the witness shows another size"; exit 1; }

echo "a node, witnessed by all three:"
cat > "$work/node-policy" << POLICY
log $node_key
witness lite $lite_key http://127.0.0.1:18091
witness omni $(cat "$work/omni.pub") http://127.0.0.1:18092
witness stele $key http://127.0.0.1:18093
group all-of-them all lite omni stele
quorum all-of-them
POLICY
serve --policy "$work/node-policy"
for size in 1 2 3 4 5; do
  echo "{\"action\":\"door.opened\",\"actor\":{\"id\":\"$size\"}}" | stele append --url http://127.0.0.1:18090 --quiet
  for _ in $(seq 300); do
    checkpoint=$(curl -fsS http://127.0.0.1:18090/logs/main/checkpoint)
    [ "$(sed -n 2p <<< "$checkpoint")" = "$size" ] && break
    sleep 0.1
  done
  [ "$(grep -cE '^— witness.example/(lite|omni|stele) ' <<< "$checkpoint")" = 3 ] ||
    { echo "it is not cosigned by all three:"; echo "$checkpoint"; cat "$work/node.log"; exit 1; }
done
stele verify http://127.0.0.1:18090/logs/main --policy "$work/node-policy" --state "$work/verifier"
