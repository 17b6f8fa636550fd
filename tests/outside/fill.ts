/* Sends events of the traffic generator to a node: `fill.ts URL COUNT`. */
import { SteleClient } from "../../packages/client/src/index.ts";
import { Traffic } from "../../packages/cli/src/traffic.ts";

const [url = "", count = "0"] = process.argv.slice(2);
const client = new SteleClient({ endpoints: [url] });
const traffic = new Traffic({ seed: 3 });
const startMs = Date.UTC(2026, 0, 1);
for (let sent = 0; sent < Number(count);) {
  const events = Array.from({ length: Math.min(1000, Number(count) - sent) }, (_, i) =>
    traffic.next(startMs + (sent + i) * 250),
  );
  await client.append(events);
  sent += events.length;
}
