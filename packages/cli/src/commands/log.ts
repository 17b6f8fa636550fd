import type { LogInfo } from "@stele/client";
import type { AddCommand } from "../command.ts";
import { countOf, formatCount } from "../count.ts";
import { printable } from "../printable.ts";
import type { Session } from "../session.ts";

export const addLog: AddCommand = (program, run) => {
  const log = program.command("log").summary("the logs of the node");
  log.command("list").summary("list the logs").action(run(list));
  log
    .command("create")
    .summary("make a log, with a tree, a key and an order of its own")
    .argument("<name>", "1 to 63 of a-z 0-9 -")
    .action(run(create));
};

async function list(session: Session): Promise<void> {
  const logs = await session.client().logs({ signal: session.signal });
  for (const log of logs) {
    if (session.json) await session.printJson(jsonOf(log));
    else
      await session.print(
        `${printable(log.name).padEnd(16)}  ${countOf(log.treeSize, "entry").padStart(20)}  ${printable(log.vkey)}${witnessedText(log)}`,
      );
  }
}

async function create(session: Session, name: string): Promise<void> {
  const log = await session.client().createLog(name, { signal: session.signal });
  if (session.json) await session.printJson(jsonOf(log));
  else await session.print(`The log ${printable(log.name)} is there. Its key:\n${printable(log.vkey)}`);
}

function witnessedText({ witnessedSize, publishedAt }: LogInfo): string {
  if (witnessedSize === undefined) return "";
  const when =
    publishedAt === undefined ? "" : `, published ${publishedAt.slice(0, 19).replace("T", " ")} UTC`;
  return `  witnessed up to ${formatCount(witnessedSize)}${when}`;
}

function jsonOf({ name, origin, vkey, treeSize, sealedSize, witnessedSize, publishedAt }: LogInfo): object {
  return {
    name,
    origin,
    vkey,
    tree_size: treeSize,
    sealed_size: sealedSize,
    ...(witnessedSize !== undefined && { witnessed_size: witnessedSize }),
    ...(publishedAt !== undefined && { published_at: publishedAt }),
  };
}
