/**
 * A fault proxy as a process: `node fault-proxy-main.ts http://127.0.0.1:7480`. Prints one line of JSON with its `url`
 * and that of its `control`. `PUT control` with a JSON array of rules ({@link FaultRule}) sets the faults; `GET control`
 * tells how many requests were seen. Ends with its standard input.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { FaultProxy } from "./fault-proxy.ts";
import { chooseByRules, type FaultRule } from "./fault-rules.ts";

const proxy = await FaultProxy.start(new URL(process.argv[2]!));
const control = createServer((incoming, outgoing) => {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.once("end", () => {
    if (incoming.method === "PUT") {
      proxy.choose = chooseByRules(JSON.parse(Buffer.concat(chunks).toString()) as FaultRule[]);
    }
    outgoing.end(JSON.stringify({ seen: proxy.seen.length }));
  });
});
control.listen(0, "127.0.0.1");
await once(control, "listening");
const { port } = control.address() as AddressInfo;
console.log(JSON.stringify({ url: proxy.url.origin, control: `http://127.0.0.1:${port}` }));

process.stdin.resume();
await once(process.stdin, "end");
control.close();
await proxy.stop();
