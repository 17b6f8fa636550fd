import type { KeyList } from "@stele/client";
import { decodeUtf8 } from "@stele/proof";
import { UsageError } from "../cli-error.ts";
import type { AddCommand } from "../command.ts";
import { formatCount } from "../count.ts";
import { verifierKey } from "../option-values.ts";
import { printable } from "../printable.ts";
import type { Session } from "../session.ts";

export const addKey: AddCommand = (program, run) => {
  const key = program
    .command("key")
    .summary("keys of logs")
    .description("Keys of logs, and of witnesses: to show, make, and change them (docs/operate/keys.md).");
  key
    .command("show")
    .summary("print the public key (vkey) that the log signs with")
    .option("--data <directory>", "read it from a data directory, not from a node")
    .action(run(show));
  key
    .command("list")
    .summary(
      "print all keys of the log, the tree sizes that each may sign, and with --json the signed statements",
    )
    .option("--data <directory>", "read them from a data directory, not from a node")
    .action(run(list));
  key
    .command("rotate")
    .summary("make a new key for the log; both sign until the old one is retired")
    .option("--current <vkey>", "only if this is the newest key; what the node says unless told", verifierKey)
    .action(run(rotate));
  key
    .command("retire")
    .summary("end the use of a key that was replaced")
    .option("--vkey <vkey>", "which; the oldest that is still in use unless told", verifierKey)
    .action(run(retire));
  key
    .command("new")
    .summary("make the secret that the nodes of a shared store derive the keys of logs from")
    .argument("<file>", "made with mode 600; an existing one is never replaced")
    .option("--witness <name>", "make the key of a witness instead, such as witness.example.com/w1")
    .action(run(create));
};

async function create(
  session: Session,
  path: string,
  { witness }: { readonly witness?: string },
): Promise<void> {
  if (witness !== undefined) return await createForWitness(session, path, witness);
  const { LogSecret } = await import("@stele/server");
  await LogSecret.create(path);
  if (session.json) await session.printJson({ file: path });
  else
    await session.print(
      `${path} is the secret of your nodes. Give each of them a copy (--key), and nobody else; keep one offline.`,
    );
}

async function createForWitness(session: Session, path: string, name: string): Promise<void> {
  const { WitnessKey } = await import("@stele/server/witness");
  const { vkey } = await WitnessKey.create(path, name);
  if (session.json) await session.printJson({ file: path, vkey });
  else {
    await session.print(vkey);
    await session.remark(
      `${path} is the key of the witness ${name}; above is what others verify its cosignatures with. The next step: stele witness --init --key ${path} …`,
    );
  }
}

async function show(session: Session, { data }: DataFlag): Promise<void> {
  const { log } = session.options;
  const { origin, vkey } = await keysOf(session, data);
  if (session.json) await session.printJson({ log, origin, vkey });
  else await session.print(printable(vkey));
}

interface DataFlag {
  readonly data?: string;
}

async function list(session: Session, { data }: DataFlag): Promise<void> {
  await printKeys(session, await keysOf(session, data));
}

async function rotate(session: Session, { current }: { readonly current?: string }): Promise<void> {
  const client = session.client();
  const { signal } = session;
  const newest = current ?? (await client.keys({ signal })).vkey;
  const rotated = await client.rotateKey(newest, { signal });
  await printKeys(session, rotated);
  await session.remark(
    `Both keys sign now. Give the new one to witnesses and verifiers; then end the use of the old one: stele key retire --log ${client.log}`,
  );
}

async function retire(session: Session, flags: { readonly vkey?: string }): Promise<void> {
  const client = session.client();
  const { signal } = session;
  const { keys } = await client.keys({ signal });
  const vkey = flags.vkey ?? keys.slice(0, -1).find(({ isRetired }) => !isRetired)?.vkey;
  if (vkey === undefined) throw new UsageError(`The log ${client.log} has one key in use: rotate it first`);
  await printKeys(session, await client.retireKey(vkey, { signal }));
}

async function keysOf(session: Session, data: string | undefined): Promise<KeyList> {
  if (data === undefined) return await session.client().keys({ signal: session.signal });
  const { logDirectory, readLogKeys } = await import("@stele/server");
  const { origin, keys, statements } = await readLogKeys(logDirectory(data, session.options.log));
  return {
    origin,
    vkey: keys.at(-1)!.vkey,
    keys: keys.map(({ vkey, fromSize, toSize }) => {
      const isRetired = toSize !== Number.MAX_SAFE_INTEGER;
      return { vkey, fromSize, toSize: isRetired ? toSize : undefined, isRetired };
    }),
    statements,
  };
}

async function printKeys(session: Session, { origin, vkey, keys, statements }: KeyList): Promise<void> {
  if (session.json) {
    await session.printJson({
      log: session.options.log,
      origin,
      vkey,
      keys: keys.map((key) => ({
        vkey: key.vkey,
        from_size: key.fromSize,
        to_size: key.toSize,
        retired: key.isRetired,
      })),
      statements: statements.map(decodeUtf8),
    });
    return;
  }
  for (const key of keys) {
    const sizes =
      key.toSize === undefined
        ? `from size ${formatCount(key.fromSize)} on`
        : `sizes ${formatCount(key.fromSize)} to ${formatCount(key.toSize)}, retired`;
    await session.print(`${printable(key.vkey)}  ${sizes}`);
  }
}
