import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UnavailableError } from "@stele/proof";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DirectoryHome } from "./log/directory-home.ts";
import type { OpenContext } from "./log/log-home.ts";
import type { LogStorage } from "./log/log-storage.ts";
import { SteleNode } from "./node.ts";
import type { Journal } from "./store/journal.ts";

const FORMAT = { type: "json", encoding: "identity" } as const;

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "stele-node-"));
});

afterEach(async () => await rm(dataDir, { recursive: true, force: true }));

/** A home whose log goes stale with the first commit, and takes its time to close. */
class StaleHome extends DirectoryHome {
  readonly happened: string[] = [];

  override async open(name: string, context: OpenContext): Promise<LogStorage> {
    const storage = await super.open(name, context);
    const isFirst = this.happened.length === 0;
    this.happened.push("opened");
    return { ...storage, journal: this.#observed(storage.journal, isFirst) };
  }

  #observed(journal: Journal, isStale: boolean): Journal {
    const { happened } = this;
    return {
      get end() {
        return journal.end;
      },
      get files() {
        return journal.files;
      },
      append: async (commit) => {
        if (isStale) throw new UnavailableError("log_stale", "It stood still");
        await journal.append(commit);
      },
      readCommits: (from) => journal.readCommits(from),
      readEntries: (from, to) => journal.readEntries(from, to),
      trim: (before) => journal.trim(before),
      close: async () => {
        await sleep(100);
        await journal.close();
        happened.push("closed");
      },
    };
  }
}

it("lets go of a log that went stale before anybody opens it anew", async () => {
  const home = new StaleHome(dataDir);
  const node = await SteleNode.open({ dataDir, home });
  const event = Buffer.from('{"action":"a.b","actor":{"type":"user","id":"u"}}');
  await expect(node.log("main")!.append(event, FORMAT)).rejects.toMatchObject({
    code: "log_stale",
  });
  await node.prepare("main", true);
  expect(home.happened).toEqual(["opened", "closed", "opened"]);
  expect((await node.log("main")!.append(event, FORMAT)).treeSize).toBe(1);
  await node.close();
});
