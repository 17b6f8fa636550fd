import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Option } from "commander";
import { createToken, readTokenFile, revokeToken, ROLES, type Role } from "@stele/server/access";
import type { AddCommand } from "../command.ts";
import { DEFAULT_DATA, type Session } from "../session.ts";

interface DataFlags {
  readonly data: string;
}

interface CreateFlags extends DataFlags {
  readonly role: Role;
  readonly name?: string;
}

export const addToken: AddCommand = (program, run) => {
  const token = program
    .command("token")
    .summary("access tokens, on the node's machine")
    .description("Access tokens. Works on the data directory of a node on this machine, running or not.");
  const data = ["--data <directory>", "the node's data directory", DEFAULT_DATA] as const;
  token
    .command("create")
    .summary("make a token, and print it this once")
    .addOption(
      new Option("--role <role>", "writer submits events, reader reads, admin does both and makes logs")
        .choices(ROLES)
        .makeOptionMandatory(),
    )
    .option("--name <name>", "what it is called; writer-1 and so on unless told")
    .option(...data)
    .action(run(create));
  token
    .command("list")
    .summary("list the tokens: names and roles, never the tokens themselves")
    .option(...data)
    .action(run(list));
  token
    .command("revoke")
    .summary("make a token useless, within a second")
    .argument("<name>")
    .option(...data)
    .action(run(revoke));
};

async function create(session: Session, { data, role, name }: CreateFlags): Promise<void> {
  const path = tokenFile(data);
  const taken = new Set(readTokenFile(path).map((token) => token.name));
  const { token, record } = await createToken(path, {
    name: name ?? freeName(role, taken),
    role,
    createdAt: new Date(),
    randomBytes,
  });
  if (session.json) {
    await session.printJson({ name: record.name, role, token });
    return;
  }
  await session.print(token);
  await session.remark(
    `This is the ${role} token ${record.name}. It is not shown again: only its hash is kept, in ${path}.`,
  );
  if (taken.size === 0) {
    await session.remark("From now on every request to the node needs a token.");
  }
}

function freeName(role: Role, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    if (!taken.has(`${role}-${number}`)) return `${role}-${number}`;
  }
}

async function list(session: Session, { data }: DataFlags): Promise<void> {
  const records = readTokenFile(tokenFile(data));
  for (const { name, role, created_at } of records) {
    if (session.json) await session.printJson({ name, role, created_at });
    else await session.print(`${name.padEnd(24)}  ${role.padEnd(6)}  ${created_at}`);
  }
  if (records.length === 0) await session.remark(`There are no tokens in ${data}.`);
}

async function revoke(session: Session, name: string, { data }: DataFlags): Promise<void> {
  const { role } = await revokeToken(tokenFile(data), name);
  if (session.json) await session.printJson({ name, role, revoked: true });
  else await session.print(`The ${role} token ${name} is revoked.`);
}

/** docs/spec/journal.md, "The directory of a log". */
function tokenFile(data: string): string {
  return join(data, "tokens.json");
}
