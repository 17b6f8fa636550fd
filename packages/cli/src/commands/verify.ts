import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { RefusedError, type SteleClient } from "@stele/client";
import {
  formatVerifierKey,
  looksLikeEvidence,
  MalformedError,
  parseVerifierKey,
  UnavailableError,
  VerificationError,
  type Policy,
} from "@stele/proof";
import type { VerifyOptions } from "@stele/server";
import type { AddCommand } from "../command.ts";
import { tellConviction } from "../conviction-report.ts";
import { keyStatements, readKeyList } from "../log-key.ts";
import { verifierKey } from "../option-values.ts";
import { readPolicy } from "../policy-file.ts";
import { ProgressBar } from "../progress-bar.ts";
import { DEFAULT_DATA, type Session } from "../session.ts";
import { addStoreOptions, storeAccess, type StoreFlags } from "../store-options.ts";
import { printReport, reportJson, type VerifiedReport } from "../verified-report.ts";

export const addVerify: AddCommand = (program, run) => {
  const command = program
    .command("verify")
    .summary("re-derive everything from the bytes, and compare")
    .description(
      "Verifies a log or a proof, reading only. Hashes every entry, rebuilds the tree, and compares it with what the log signed, and with what the last verification on this machine saw. Ends with 3 if anything is not true.",
    )
    .argument(
      "[url|directory|store|file]",
      `a node's URL, a data directory (or one of its logs), a store (s3://… or file:///…), a .tlog-proof, a .stele-evidence or a .misbehaviour; the running node or ${DEFAULT_DATA} unless told`,
    )
    .option("--key <vkey>", "the key that the log must be signed with", verifierKey)
    .option(
      "--policy <file>",
      "keys, witnesses and their quorum that you trust (c2sp.org/tlog-policy): what was published must satisfy it",
    )
    .option("--no-columns", "do not compare what searches go by with the entries")
    .option("--keys <file>", "of a proof: the log's statements about its keys (stele key list --json)")
    .option("--tsa-ca <file>", "certificates (PEM) that time-stamps of the log must lead to")
    .option("--state <directory>", "where the verifier remembers what it saw");
  addStoreOptions(command).action(run(verify));
};

interface VerifyFlags extends StoreFlags {
  readonly key?: string;
  readonly keys?: string;
  readonly state?: string;
  readonly tsaCa?: string;
  readonly policy?: string;
  readonly columns: boolean;
}

async function verify(session: Session, target: string | undefined, flags: VerifyFlags): Promise<void> {
  const { defaultStateDirectory } = await import("@stele/server");
  const progress = new ProgressBar(session.err, "");
  const options: VerifyOptions = {
    columns: flags.columns,
    stateDirectory: flags.state ?? defaultStateDirectory(),
    ...(flags.key !== undefined && { key: flags.key }),
    ...(flags.policy !== undefined && { policy: readPolicy(flags.policy) }),
    ...(flags.tsaCa !== undefined && { trustedTsas: await readCertificates(flags.tsaCa) }),
    onProgress: ({ done, total }) => {
      if (!session.options.quiet) void progress.update(done, done / total);
    },
  };
  try {
    for await (const report of reportsOf(session, target, options, flags)) {
      await progress.clear();
      await (session.json ? session.printJson(reportJson(report)) : printReport(session, report, flags.key));
    }
  } catch (error) {
    throw asVerificationFailure(error);
  } finally {
    await progress.clear();
  }
}

async function readCertificates(path: string) {
  const { parseCertificates } = await import("@stele/server");
  return parseCertificates(await readFile(path, "utf8"), path);
}

/** Mistakes of whoever verifies. What else is malformed are the bytes that were to be verified. */
const OWN_MISTAKES: ReadonlySet<string> = new Set([
  "key_needed",
  "entry_needed",
  "not_a_log",
  "log_unknown",
  "store_url_invalid",
  "verifier_state_malformed",
  "endpoint_malformed",
  "policy_malformed",
  "certificate_malformed",
  // Of a file that was to convict a log: the log is not accused by that.
  "misbehaviour_not_proven",
]);

function asVerificationFailure(error: unknown): unknown {
  if (!(error instanceof MalformedError) || error instanceof RefusedError || OWN_MISTAKES.has(error.code)) {
    return error;
  }
  return new VerificationError(error.code, error.message, {}, { cause: error });
}

async function* reportsOf(
  session: Session,
  target: string | undefined,
  options: VerifyOptions,
  flags: VerifyFlags,
): AsyncGenerator<VerifiedReport, void, undefined> {
  if (target === undefined) {
    const directory = await nodeOrDirectory(session);
    yield* directory === undefined
      ? verifyRemote(session, session.client(), options)
      : verifyDirectories(session, directory, options);
  } else if (/^https?:/i.test(target)) {
    const [, base, named] = /^(.*?)(?:\/logs\/([^/]+))?\/*$/.exec(target)!;
    yield* verifyRemote(session, session.clientFor(base!, named ?? session.options.log), options);
  } else if (/^(s3|file):/i.test(target)) {
    yield* verifyStore(session, target, options, flags);
  } else if ((await stat(target)).isDirectory()) {
    yield* verifyDirectories(session, target, options);
  } else {
    yield await verifyFile(session, target, options, flags);
  }
}

/** A file, by what it begins with. */
async function verifyFile(
  session: Session,
  path: string,
  options: VerifyOptions,
  flags: VerifyFlags,
): Promise<VerifiedReport> {
  const { looksLikeMisbehaviour, verifyEvidenceFile, verifyMisbehaviourFile, verifyProofFile } =
    await import("@stele/server");
  const bytes = await readFile(path);
  const statements = flags.keys === undefined ? undefined : await readKeyList(flags.keys);
  const proofOptions = { ...options, ...(statements && { statements }) };
  if (looksLikeEvidence(bytes)) return await verifyEvidenceFile(path, bytes, proofOptions);
  if (!looksLikeMisbehaviour(bytes)) return await verifyProofFile(path, bytes, proofOptions);
  throw await tellConviction(session, await verifyMisbehaviourFile(path, bytes, proofOptions));
}

/** The data directory if no node answers and there is one; undefined for the node. */
async function nodeOrDirectory(session: Session): Promise<string | undefined> {
  try {
    await session.client({ attemptsMax: 1 }).info({ signal: session.signal });
    return undefined;
  } catch (error) {
    if (!(error instanceof UnavailableError) || !(await isDirectory(DEFAULT_DATA))) throw error;
    await session.remark(`No node answers at ${session.options.url}; verifying ${DEFAULT_DATA}.`);
    return DEFAULT_DATA;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false; // Whatever the reason: there is nothing to verify then, and the caller says so.
  }
}

/** All logs of a data directory; with a key, the one that it can be the key of. */
async function* verifyDirectories(session: Session, path: string, options: VerifyOptions) {
  const { logDirectoriesOf, verifyLogDirectory } = await import("@stele/server");
  const directories = await logDirectoriesOf(path);
  const { log } = session.options;
  const chosen =
    options.key === undefined || directories.length === 1
      ? directories
      : directories.filter((directory) => basename(directory) === log);
  if (chosen.length === 0) throw new MalformedError("log_unknown", `${join(path, "logs")} has no log ${log}`);
  for (const directory of chosen) yield await verifyLogDirectory(directory, options);
}

/** All logs of a store; with a key, the one that it can be the key of. Segments are fetched one after the other, to be hashed. */
async function* verifyStore(session: Session, url: string, options: VerifyOptions, flags: StoreFlags) {
  const { verifyStoreUrl } = await import("@stele/server/mirror");
  const tempDirectory = await mkdtemp(join(tmpdir(), "stele-verify-"));
  try {
    yield* verifyStoreUrl(url, {
      ...options,
      ...storeAccess(flags),
      ...(options.key !== undefined && { only: [session.options.log] }),
      tempDirectory,
    });
  } finally {
    await rm(tempDirectory, { recursive: true, force: true });
  }
}

/** What a node says of its sources; undefined if it is none, or is not ready for that. */
async function sourcesOf(
  client: SteleClient,
  after: string | undefined,
  limit: number,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await client.sourcesAnswer({ limit, signal, ...(after !== undefined && { after }) });
  } catch (error) {
    const isOther = error instanceof RefusedError && (error.status === 404 || error.status === 403);
    const isLoading = error instanceof UnavailableError && error.code === "sources_loading";
    if (isOther || isLoading) return undefined;
    throw error;
  }
}

/** From the log's tlog-tiles alone. Only who it says it is, if no key is given, is asked of the node's own API. */
async function* verifyRemote(session: Session, client: SteleClient, options: VerifyOptions) {
  const { verifyRemoteLog } = await import("@stele/server");
  const { signal } = session;
  const key = options.key ?? onlyKey(options.policy);
  const { origin, vkey } =
    key === undefined ? await client.info({ signal }) : { origin: parseVerifierKey(key).name, vkey: key };
  const fetchHead = async (): Promise<Uint8Array | undefined> => {
    try {
      return await client.committedHead({ signal });
    } catch (error) {
      if (error instanceof RefusedError) return undefined; // Other logs than Stele's tell no more than they publish.
      throw error;
    }
  };
  const url = `${client.endpoint}/logs/${client.log}`;
  const statements = await keyStatements(session, client);
  yield await verifyRemoteLog(
    {
      url,
      origin,
      vkey,
      statements,
      fetch: client.tiles({ signal }),
      fetchHead,
      fetchSources: (after, limit) => sourcesOf(client, after, limit, signal),
    },
    options,
  );
}

/** The key of the log that a policy is for, if it is for one. */
function onlyKey(policy: Policy | undefined): string | undefined {
  const logs = policy?.logs ?? [];
  return new Set(logs.map(({ key }) => key.name)).size === 1 ? formatVerifierKey(logs[0]!.key) : undefined;
}
