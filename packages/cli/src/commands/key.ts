import type { AddCommand } from "../command.ts";
import type { Session } from "../session.ts";

export const addKey: AddCommand = (program, run) => {
  const key = program.command("key").summary("keys of logs");
  key
    .command("show")
    .summary("print the public key (vkey) that the log signs with")
    .option("--data <directory>", "read it from a data directory, not from a node")
    .action(run(show));
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

async function show(session: Session, { data }: { readonly data?: string }): Promise<void> {
  const { log } = session.options;
  const { vkey, origin } =
    data === undefined
      ? await session.client().info({ signal: session.signal })
      : await identityIn(data, log);
  if (session.json) await session.printJson({ log, origin, vkey });
  else await session.print(vkey);
}

async function identityIn(data: string, log: string) {
  const { logDirectory, readLogFile } = await import("@stele/server");
  return await readLogFile(logDirectory(data, log));
}
