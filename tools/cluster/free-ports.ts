import { once } from "node:events";
import { createServer } from "node:net";

const FIRST_MIN = 20_000;
const FIRST_MAX = 30_000;
const ATTEMPTS_MAX = 50;

/** The first of `count` ports in a row that nobody listens on at 127.0.0.1, for now. */
export async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const first = FIRST_MIN + Math.floor(Math.random() * (FIRST_MAX - FIRST_MIN - count));
    if (await areFree(Array.from({ length: count }, (_, i) => first + i))) return first;
  }
  throw new Error(`No ${count} free ports in a row between ${FIRST_MIN} and ${FIRST_MAX}`);
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) {
    const server = createServer();
    try {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
    } catch {
      return false; // taken
    } finally {
      server.close();
    }
  }
  return true;
}
