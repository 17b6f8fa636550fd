import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PromotedLog } from "@stele/server/mirror";
import { InvalidArgumentError } from "commander";
import type { AddCommand } from "../command.ts";
import { countOf } from "../count.ts";
import { positiveNumber, verifierKey } from "../option-values.ts";
import { printable } from "../printable.ts";
import type { Session } from "../session.ts";
import { addStoreOptions, storeAccess, type StoreFlags } from "../store-options.ts";

export const addPromote: AddCommand = (program, run) => {
  const command = program
    .command("promote")
    .summary("make a mirror the primary, after the loss of a store")
    .description(
      "Verifies the whole mirror, compares it with everything that is known of the old primary, and ends writing there if it can be reached. Refuses (3) if acknowledged entries would be lost, unless their exact number is accepted.",
    )
    .argument("<mirror>", "the mirror: s3://bucket/prefix or file:///directory")
    .option("--primary <url>", "the old primary, to be asked how far it was, and to be fenced")
    .option("--data <directory>", "the data directory of a node of the old primary: what it acknowledged")
    .option("--last-checkpoint <file,…>", "checkpoints of the logs from elsewhere", (text) => text.split(","))
    .option("--into <directory>", "make a data directory of it, for a node that needs no store")
    .option("--accept-loss <entries>", "exactly so many acknowledged entries are lost; or “unknown”", lossOf)
    .option("--only <log,…>", "these logs only", (text: string) => text.split(","))
    .option("--key <vkey>", "the key that the log must be signed with", verifierKey)
    .option("--state <directory>", "where the verifier remembers what it saw");
  addStoreOptions(command).action(run(promote));
};

interface PromoteFlags extends StoreFlags {
  readonly primary?: string;
  readonly data?: string;
  readonly lastCheckpoint?: readonly string[];
  readonly into?: string;
  readonly acceptLoss?: number | "unknown";
  readonly only?: readonly string[];
  readonly key?: string;
  readonly state?: string;
}

function lossOf(text: string): number | "unknown" {
  if (text === "unknown") return text;
  try {
    return positiveNumber(text);
  } catch {
    throw new InvalidArgumentError("It is a number of entries, or “unknown”.");
  }
}

async function promote(session: Session, mirror: string, flags: PromoteFlags): Promise<void> {
  const { primary, data, into, lastCheckpoint = [], acceptLoss, only, key } = flags;
  const { defaultStateDirectory, promoteStore } = await import("@stele/server/mirror");
  const lastCheckpoints = await Promise.all(
    lastCheckpoint.map(async (path) => ({ place: path, note: await readFile(path) })),
  );
  const tempDirectory = await mkdtemp(join(tmpdir(), "stele-promote-"));
  try {
    const promoted = await promoteStore({
      mirror,
      lastCheckpoints,
      ...storeAccess(flags),
      tempDirectory,
      stateDirectory: flags.state ?? defaultStateDirectory(),
      onLog: (log) => void session.remark(`Verifying log ${log} of ${mirror}: all of it is read.`),
      ...(primary !== undefined && { primary }),
      ...(data !== undefined && { dataDir: data }),
      ...(into !== undefined && { into }),
      ...(acceptLoss !== undefined && { acceptLoss }),
      ...(only && { only }),
      ...(key !== undefined && { key }),
    });
    if (session.json) {
      for (const each of promoted) await session.printJson(promotedJson(each));
    } else {
      await print(session, promoted);
      await (into === undefined
        ? printStore(session, mirror, promoted)
        : printDirectory(session, into, promoted));
    }
  } finally {
    await rm(tempDirectory, { recursive: true, force: true });
  }
}

function promotedJson({ assessment, fencing, setAside }: PromotedLog): object {
  const { log, verified, lost, sources } = assessment;
  const { origin, vkey, treeSize, root } = verified;
  return {
    log,
    origin,
    vkey,
    tree_size: treeSize,
    root,
    lost,
    compared_with: sources,
    fencing,
    set_aside: setAside,
  };
}

async function print(session: Session, promoted: readonly PromotedLog[]): Promise<void> {
  const { out } = session;
  for (const { assessment, fencing, setAside } of promoted) {
    const { log, verified, lost, sources } = assessment;
    await session.print(`${out.style("green", "✓ promoted")} ${out.style("bold", printable(log))}`);
    await session.print(`  origin    ${printable(verified.origin)}`);
    await session.print(`  verified  ${countOf(verified.treeSize, "entry")}, root ${verified.root}`);
    const known =
      sources.length > 0 ? sources.join(", ") : "nothing: nobody knows how far the old primary was";
    await session.print(`  compared  with ${printable(known)}`);
    if (lost > 0)
      await session.print(`  ${out.style("red", "lost")}      ${countOf(lost, "acknowledged entry")}`);
    for (const key of setAside) await session.print(`  set aside ${printable(key)}`);
    await session.print(
      fencing.kind === "fenced"
        ? `  fenced    the old primary takes nothing more, from entry ${fencing.start} on`
        : `  ${out.style("red", "NOT FENCED")} ${printable(fencing.reason)}`,
    );
  }
  await session.print();
  if (promoted.some(({ fencing }) => fencing.kind === "not_fenced")) {
    await session.print(
      out.style(
        "red",
        "The old primary was not fenced. A node that still uses it, or uses it again when it comes back, goes on writing there: then two histories exist under one key, and every verifier reports a forgery. Stop all of its nodes, and take their credentials away, before you go on.",
      ),
    );
  }
}

async function printStore(session: Session, mirror: string, promoted: readonly PromotedLog[]): Promise<void> {
  await session.print("Now start nodes on it, with the same --key file as before:");
  await session.print(`  stele serve --journal ${printable(mirror)} --key FILE --data DIRECTORY`);
  await session.print(
    promoted.some(({ assessment }) => assessment.lost > 0)
      ? "Give them a new data directory: a node refuses a log that lacks what it acknowledged."
      : "Give them a new data directory, or one that was used with this log.",
  );
  await session.print("A new mirror (--mirror URL) needs a new place: what was fenced stays so.");
}

async function printDirectory(
  session: Session,
  into: string,
  promoted: readonly PromotedLog[],
): Promise<void> {
  await session.print(
    "Now put the newest key of each log beside it, mode 600, from where you keep a copy (or start the node with the same --key as before):",
  );
  for (const { assessment } of promoted) {
    const { length } = assessment.verified.keys.keys;
    const name = length === 1 ? "key.pem" : `key-${length}.pem`;
    await session.print(`  ${printable(into)}/logs/${assessment.log}/${name}`);
  }
  await session.print("and start the node, with a mirror in a new place:");
  await session.print(`  stele serve --data ${printable(into)} --mirror URL`);
}
