import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VerificationError } from "@stele/proof";
import type { ReconcileReport } from "@stele/server/mirror";
import { Option } from "commander";
import { UsageError } from "../cli-error.ts";
import type { AddCommand } from "../command.ts";
import { countOf } from "../count.ts";
import { positiveNumber, verifierKey } from "../option-values.ts";
import { printable } from "../printable.ts";
import type { Session } from "../session.ts";
import { addStoreOptions, storeAccess, type StoreFlags } from "../store-options.ts";

export const addReconcile: AddCommand = (program, run) => {
  const command = program
    .command("reconcile")
    .summary("compare a mirror with its primary, and repair it")
    .description(
      "Compares everything that is kept, by hash, and brings to the mirror what it lacks. Never overwrites: what differs, and what only the mirror has, is told. Ends with 3 if there is any such thing. Nodes may be running.",
    )
    .argument("<mirror>", "the mirror: s3://bucket/prefix or file:///directory")
    .option("--primary <url>", "the store that nodes share: s3://bucket/prefix or file:///directory")
    .option("--vault <url>", "where the primary has its segments, if not in the same place")
    .option("--data <directory>", "the data directory of a node that shares nothing, instead of --primary")
    .option("--only <log,…>", "these logs only", (text: string) => text.split(","))
    .option("--quick", "compare segments by their lengths, without reading them")
    .option("--bytes-per-second <n>", "read segments no faster", positiveNumber)
    .option("--restore-primary", "create on the primary what it lacks and the mirror has, once verified")
    .addOption(
      new Option(
        "--lock <mode>",
        "how the mirror locks segments, if its vault can, as nodes are told",
      ).choices(["compliance", "governance"]),
    )
    .option("--key <vkey>", "the key that the log must be signed with", verifierKey)
    .option("--state <directory>", "where the verifier remembers what it saw");
  addStoreOptions(command).action(run(reconcile));
};

interface ReconcileFlags extends StoreFlags {
  readonly primary?: string;
  readonly vault?: string;
  readonly data?: string;
  readonly only?: readonly string[];
  readonly quick?: boolean;
  readonly bytesPerSecond?: number;
  readonly restorePrimary?: boolean;
  readonly lock?: "compliance" | "governance";
  readonly key?: string;
  readonly state?: string;
}

async function reconcile(session: Session, mirror: string, flags: ReconcileFlags): Promise<void> {
  const { primary: journal, vault, data, only, quick, bytesPerSecond, restorePrimary, lock, key } = flags;
  if ((journal === undefined) === (data === undefined)) {
    throw new UsageError("Say what the mirror is of: either --primary or --data");
  }
  if (data !== undefined && restorePrimary) {
    throw new UsageError(
      "--restore-primary works on stores only: copy into a data directory by hand, its node stopped",
    );
  }
  const { defaultStateDirectory, reconcileStores } = await import("@stele/server/mirror");
  const tempDirectory = await mkdtemp(join(tmpdir(), "stele-reconcile-"));
  let alarms = 0;
  try {
    const reports = reconcileStores({
      primary:
        data === undefined ? { journal: journal!, ...(vault !== undefined && { vault }) } : { dataDir: data },
      mirror,
      ...storeAccess(flags),
      tempDirectory,
      stateDirectory: flags.state ?? defaultStateDirectory(),
      ...(only && { only }),
      ...(quick && { quick }),
      ...(bytesPerSecond !== undefined && { bytesPerSecondMax: bytesPerSecond }),
      ...(restorePrimary && { restorePrimary }),
      ...(lock && { lock }),
      ...(key !== undefined && { key }),
    });
    for await (const report of reports) {
      alarms += report.alarms.length;
      await (session.json ? session.printJson(reportJson(report)) : printReport(session, report));
    }
  } finally {
    await rm(tempDirectory, { recursive: true, force: true });
  }
  if (alarms === 0) return;
  throw new VerificationError(
    "mirror_differs",
    `${countOf(alarms, "thing")} to look at: see what was printed. Nothing was overwritten`,
    { alarms },
  );
}

function reportJson(report: ReconcileReport): object {
  const { place, log, compared, copied, trimmed, restored, alarms, treeSize, seconds } = report;
  return { mirror: place, log, tree_size: treeSize, compared, copied, trimmed, restored, alarms, seconds };
}

async function printReport(session: Session, report: ReconcileReport): Promise<void> {
  const { place, log, compared, copied, trimmed, restored, alarms, treeSize } = report;
  const { out } = session;
  const verdict = alarms.length === 0 ? out.style("green", "✓ the same") : out.style("red", "✗ look at this");
  await session.print(`${verdict} ${out.style("bold", printable(place))}`);
  await session.print(`  log       ${printable(log)}, ${countOf(treeSize, "entry")}`);
  await session.print(
    `  compared  ${countOf(compared, "object")}; ${copied} copied to the mirror, ${trimmed} trimmed there, ${restored} restored on the primary`,
  );
  for (const { kind, key, detail } of alarms) {
    await session.print(`  ${out.style("red", kind)}  ${printable(key)}: ${printable(detail)}`);
  }
}
