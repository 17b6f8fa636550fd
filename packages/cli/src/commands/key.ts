import type { AddCommand } from "../command.ts";
import type { Session } from "../session.ts";

export const addKey: AddCommand = (program, run) => {
  const key = program.command("key").summary("the log's key");
  key
    .command("show")
    .summary("print the public key (vkey) that the log signs with")
    .option("--data <directory>", "read it from a data directory, not from a node")
    .action(run(show));
};

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
