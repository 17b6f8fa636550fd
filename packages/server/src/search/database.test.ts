import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Database } from "./database.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stele-database-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const options = () => ({
  lockPath: join(directory, "lock"),
  directories: [join(directory, "data")],
  tempDirectory: join(directory, "cache"),
});

it("refuses a second process, and tells which one is there", async () => {
  const script = `
    const { Database } = await import(${JSON.stringify(new URL("database.ts", import.meta.url).href)});
    await Database.open(${JSON.stringify(options())});
    process.send("open");
    process.on("message", () => process.exit());`;
  const child = fork("-e", [script], {
    execArgv: ["--input-type=module"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await once(child, "message");
  await expect(Database.open(options())).rejects.toMatchObject({
    code: "data_dir_locked",
    message: expect.stringContaining(String(child.pid)),
  });
  child.send("end");
  await once(child, "exit");
  await (await Database.open(options())).close();
});

it("reads no file outside, loads nothing, and can't be told to", async () => {
  const database = await Database.open(options());
  for (const sql of [
    "SELECT * FROM read_text('/etc/passwd')",
    `SELECT * FROM read_text('${join(directory, "lock")}')`,
    "COPY (SELECT 1) TO '/tmp/out.csv'",
    "SET enable_external_access = true",
    "SET memory_limit = '10GB'",
    "INSTALL httpfs",
    "ATTACH '/tmp/other.duckdb'",
  ]) {
    await expect(database.query(sql), sql).rejects.toMatchObject({ code: "query_failed" });
  }
  expect(await database.query("SELECT json_extract_string('{\"a\":1}', '$.a')")).toEqual([["1"]]);
  await database.close();
});

it("interrupts what takes too long, and bounds what runs and what waits", async () => {
  const database = await Database.open({
    ...options(),
    queryTimeoutMs: 300,
    connectionsMax: 2,
    waitingMax: 1,
  });
  const slow = "SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b";
  const running = [database.query(slow), database.query(slow)];
  const waiting = database.query("SELECT 1");
  await expect(database.query("SELECT 2")).rejects.toMatchObject({ code: "search_overloaded" });
  const late = { status: "rejected", reason: { code: "search_timeout" } };
  expect(await Promise.allSettled(running)).toMatchObject([late, late]);
  expect(await waiting).toEqual([[1]]);
  await database.close();
  await expect(database.query("SELECT 1")).rejects.toMatchObject({ code: "search_closed" });
});

it("reads nothing that nobody waits for any more, running or waiting", async () => {
  const database = await Database.open({ ...options(), connectionsMax: 1 });
  const endless = "SELECT count(*) FROM range(1_000_000_000_000)";
  const [running, waiting] = [new AbortController(), new AbortController()];
  const first = database.query(endless, [], running.signal);
  const second = database.query(endless, [], waiting.signal);
  const third = database.query("SELECT 1", []);
  waiting.abort();
  await expect(second).rejects.toMatchObject({ code: "search_abandoned" });
  running.abort();
  await expect(first).rejects.toMatchObject({ code: "search_abandoned" });
  expect(await third).toEqual([[1]]);
  await expect(database.query("SELECT 1", [], running.signal)).rejects.toMatchObject({
    code: "search_abandoned",
  });
  await database.close();
});

it("tells when memory does not suffice", async () => {
  const database = await Database.open({ ...options(), memoryLimitMb: 20 });
  const sql = "SELECT list(range::VARCHAR || repeat('x', 200)) FROM range(1000000)";
  await expect(database.query(sql)).rejects.toMatchObject({ code: "search_memory" });
  await database.close();
});
