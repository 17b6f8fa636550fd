import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { createToken, parseExpiry, readTokenFile, revokeToken, ROLES, type Role } from "@stele/server/access";
import type { AddCommand } from "../command.ts";
import { DEFAULT_DATA, type Session } from "../session.ts";

interface DataFlags {
  readonly data: string;
}

interface CreateFlags extends DataFlags {
  readonly role: Role;
  readonly name?: string;
  readonly expires?: Date;
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
    .option("--expires <when>", "90d, 8h, a date or a time: refused from then on; never unless told", expiry)
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

async function create(session: Session, { data, role, name, expires }: CreateFlags): Promise<void> {
  const path = tokenFile(data);
  const taken = new Set(readTokenFile(path).map((token) => token.name));
  const { token, record } = await createToken(path, {
    name: name ?? freeName(role, taken),
    role,
    createdAt: new Date(),
    expiresAt: expires,
    randomBytes,
  });
  const { expires_at } = record;
  if (session.json) {
    await session.printJson({ name: record.name, role, token, ...(expires_at && { expires_at }) });
    return;
  }
  await session.print(token);
  await session.remark(
    `This is the ${role} token ${record.name}. It is not shown again: only its hash is kept, in ${path}.`,
  );
  if (expires_at) await session.remark(`It expires at ${expires_at}.`);
  if (taken.size === 0) {
    await session.remark("From now on every request to the node needs a token.");
  }
}

function expiry(text: string): Date {
  const expiresAt = parseExpiry(text, Date.now());
  if (expiresAt) return expiresAt;
  throw new InvalidArgumentError(
    "It is a time to come, such as 90d, 8h, 2027-01-31 or 2027-01-31T12:00:00Z.",
  );
}

function freeName(role: Role, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    if (!taken.has(`${role}-${number}`)) return `${role}-${number}`;
  }
}

async function list(session: Session, { data }: DataFlags): Promise<void> {
  const records = readTokenFile(tokenFile(data));
  const nowMs = Date.now();
  for (const { name, role, created_at, expires_at } of records) {
    if (session.json) {
      await session.printJson({ name, role, created_at, ...(expires_at && { expires_at }) });
      continue;
    }
    const over = expires_at && Date.parse(expires_at) <= nowMs ? "expired" : "expires";
    const end = expires_at ? `  ${over} ${expires_at}` : "";
    await session.print(`${name.padEnd(24)}  ${role.padEnd(6)}  ${created_at}${end}`);
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
