import { readFileSync } from "node:fs";
import { InvalidArgumentError, type Command } from "commander";
import { parse as parseYaml, YAMLParseError } from "yaml";
import { UsageError } from "./cli-error.ts";
import { ALARMS, NOTIFY_OPTIONS, type NotifyFlags } from "./notify-options.ts";
import { addTableOptions, type TableOption } from "./option-table.ts";
import { list, positiveNumber, wholeNumber } from "./option-values.ts";
import { DEFAULT_DATA } from "./session.ts";

const BYTE_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};
const TIME_UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const STORE = "A store that nodes share (without it, everything is in --data):";
const VERIFYING = "Automatic verification:";
const MIRRORS = "Mirrors:";
const WITNESSES = "Witnesses:";
const TIMESTAMPS = "Time-stamps:";

const OPTIONS: readonly TableOption[] = [
  {
    flags: "--data <directory>",
    description: "what this node keeps; made if it is not there",
    fallback: DEFAULT_DATA,
  },
  {
    flags: "--host <address>",
    description: "the address to listen on; other than loopback needs tokens",
    fallback: "127.0.0.1",
  },
  {
    flags: "--port <port>",
    description: "the port to listen on; 0 for any that is free",
    parse: wholeNumber,
    fallback: 8080,
  },
  { flags: "--node-name <name>", description: "what people call this node (the name of the machine)" },
  { flags: "--tokens <file>", description: "access tokens (<data>/tokens.json)" },
  {
    flags: "--origin <prefix>",
    description: "what origins of new logs begin with, such as audit.example.com",
  },
  {
    flags: "--segment-entries <n>",
    description: "seal once so many entries are hot; a multiple of 256 (262144)",
    parse: segmentEntries,
  },
  {
    flags: "--seal-after-hours <n>",
    description: "seal fewer once the oldest has waited so long (24)",
    parse: positiveNumber,
  },
  {
    heading: VERIFYING,
    flags: "--verify-every <time>",
    description: "read and verify everything that is stored within this time; 0 for never (24h)",
    parse: durationOrNever,
  },
  {
    heading: VERIFYING,
    flags: "--verify-state <directory>",
    description: "where the verifier keeps what it saw; best on another disk (<data>/verifier)",
  },
  {
    heading: STORE,
    flags: "--journal <url>",
    description: "commits: s3://bucket/prefix, or file:///directory",
  },
  { heading: STORE, flags: "--vault <url>", description: "sealed segments; below --journal unless told" },
  {
    heading: STORE,
    flags: "--s3-endpoint <url,…>",
    description: "S3 gateways, one as good as the other (AWS)",
    parse: list,
  },
  { heading: STORE, flags: "--s3-region <name>", description: "(us-east-1)" },
  {
    flags: "--key <source>",
    description:
      "where private keys are: a file (stele key new), env:VARIABLE, or exec:COMMAND; with --journal the same at all nodes; newest first if more than one (beside the logs)",
    repeatable: true,
  },
  {
    heading: STORE,
    flags: "--retain <days>",
    description: "lock segments for so long",
    parse: positiveNumber,
  },
  {
    heading: STORE,
    flags: "--lock <mode>",
    description: "compliance (nobody can undo it) or governance",
    parse: oneOf("compliance", "governance"),
    fallback: "compliance",
  },
  {
    heading: STORE,
    flags: "--vault-lock <need>",
    description: "required, or none: go on though the vault does not lock",
    parse: oneOf("required", "none"),
    fallback: "required",
  },
  {
    heading: STORE,
    flags: "--cache-bytes <n>",
    description: "how much of the vault may be on this disk (10G)",
    parse: byteCount,
  },
  {
    heading: STORE,
    flags: "--store-timeout <time>",
    description: "what could not be committed for so long gets 503 (5s)",
    parse: duration,
  },
  {
    heading: STORE,
    flags: "--trim-after <time>",
    description: "of logs made here: delete commits so long after they were sealed (1h)",
    parse: duration,
  },
  {
    heading: MIRRORS,
    flags: "--mirror <url>",
    description: "a second, independent store; may be given more than once",
    repeatable: true,
  },
  {
    heading: MIRRORS,
    flags: "--mirror-mode <mode>",
    description: "async, or sync: acknowledge only what mirrors have",
    parse: oneOf("async", "sync"),
    fallback: "async",
  },
  {
    heading: MIRRORS,
    flags: "--mirror-timeout <time>",
    description: "sync: how long to wait for a mirror (5s)",
    parse: duration,
  },
  {
    heading: MIRRORS,
    flags: "--mirror-failure <what>",
    description: "sync, then: fail the write, or degrade to async with an alarm",
    parse: oneOf("fail", "degrade"),
    fallback: "fail",
  },
  {
    heading: MIRRORS,
    flags: "--reconcile-every <time>",
    description: "compare mirrors with the store so often (24h)",
    parse: duration,
  },
  {
    heading: WITNESSES,
    flags: "--policy <file>",
    description: "a tlog-policy: which witnesses must cosign checkpoints, and where they are",
  },
  {
    heading: WITNESSES,
    flags: "--publish-interval <time>",
    description: "have a log that grows cosigned so often (1s)",
    parse: duration,
  },
  {
    heading: WITNESSES,
    flags: "--refresh-cosignatures <time>",
    description: "renew cosignatures of a log that does not grow once they are so old (1h)",
    parse: duration,
  },
  {
    heading: TIMESTAMPS,
    flags: "--tsa <url>",
    description: "a time-stamping authority (RFC 3161); may be given more than once",
    repeatable: true,
  },
  {
    heading: TIMESTAMPS,
    flags: "--tsa-ca <file>",
    description: "certificates (PEM) that authorities must lead to",
  },
  {
    heading: TIMESTAMPS,
    flags: "--anchor-every <time>",
    description: "keep a published checkpoint for good, time-stamped, so often (1h)",
    parse: duration,
  },
  {
    heading: ALARMS,
    flags: "--source-gap-after <time>",
    description: "alarm if numbers of a source are missing for so long (5m)",
    parse: duration,
  },
  ...NOTIFY_OPTIONS,
];

/** What `stele serve` was told, by flags, the config file and defaults, in this order. */
export interface ServeFlags extends NotifyFlags {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly nodeName?: string;
  readonly tokens?: string;
  readonly origin?: string;
  readonly segmentEntries?: number;
  readonly sealAfterHours?: number;
  readonly journal?: string;
  readonly vault?: string;
  readonly s3Endpoint?: readonly string[];
  readonly s3Region?: string;
  readonly key?: readonly string[];
  readonly retain?: number;
  readonly lock: "compliance" | "governance";
  readonly vaultLock: "required" | "none";
  readonly cacheBytes?: number;
  readonly storeTimeout?: number;
  readonly trimAfter?: number;
  readonly mirror?: readonly string[];
  readonly mirrorMode: "async" | "sync";
  readonly mirrorTimeout?: number;
  readonly mirrorFailure: "fail" | "degrade";
  readonly reconcileEvery?: number;
  readonly policy?: string;
  readonly publishInterval?: number;
  readonly refreshCosignatures?: number;
  readonly tsa?: readonly string[];
  readonly tsaCa?: string;
  readonly anchorEvery?: number;
  readonly sourceGapAfter?: number;
  readonly verifyEvery?: number;
  readonly verifyState?: string;
  readonly demo?: boolean;
}

/** Adds the options of `stele serve`. Their defaults come in with {@link serveFlags}, below the config file. */
export function addServeOptions(command: Command): Command {
  command.option(
    "--config <file>",
    "read options from a YAML file: their names without --; flags come before it",
  );
  return addTableOptions(command, OPTIONS);
}

/** @throws UsageError naming the file, the key, its value, and what was expected */
export function serveFlags(given: Readonly<Record<string, unknown>>): ServeFlags {
  const path = given["config"];
  const fromFile = typeof path === "string" ? readConfig(path) : {};
  const defaults = Object.fromEntries(
    OPTIONS.filter(({ fallback }) => fallback !== undefined).map((option) => [
      keyOf(option),
      option.fallback,
    ]),
  );
  return { ...defaults, ...fromFile, ...given } as unknown as ServeFlags;
}

/** The time that YAML takes grows with the square of the length. */
const CONFIG_LENGTH_MAX = 1 << 16;

function readConfig(path: string): Record<string, unknown> {
  let content: unknown;
  try {
    const text = readFileSync(path, "utf8");
    if (text.length > CONFIG_LENGTH_MAX)
      throw new UsageError(`${path} is longer than ${CONFIG_LENGTH_MAX} characters`);
    content = parseYaml(text);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const why =
      error instanceof YAMLParseError
        ? error.message
        : `it can't be read (${String((error as NodeJS.ErrnoException).code)})`;
    throw new UsageError(`${path}: ${why}`);
  }
  if (content === null) return {};
  if (typeof content !== "object" || Array.isArray(content))
    throw new UsageError(`${path}: expected “option: value” lines`);
  return Object.fromEntries(Object.entries(content).map(([name, value]) => configEntry(path, name, value)));
}

function configEntry(path: string, name: string, value: unknown): [string, unknown] {
  const option = OPTIONS.find((known) => longName(known) === name);
  if (!option) {
    const known = OPTIONS.map(longName).join(", ");
    throw new UsageError(`${path}: “${name}” is no option. There are: ${known}`);
  }
  const wrong = (expected: string): UsageError =>
    new UsageError(`${path}: “${name}” is ${JSON.stringify(value)}; expected ${expected}`);
  const isScalar = typeof value === "string" || typeof value === "number";
  const values: unknown[] = Array.isArray(value) ? value : [value];
  const isList = values.every((each): each is string => typeof each === "string");
  if (option.repeatable || option.parse === list) {
    if (!isList) throw wrong("a text, or a list of texts");
    return [keyOf(option), option.repeatable ? values : values.flatMap(list)];
  }
  if (!isScalar) throw wrong("one value");
  try {
    return [keyOf(option), option.parse ? option.parse(String(value)) : String(value)];
  } catch (error) {
    throw error instanceof InvalidArgumentError
      ? wrong(error.message.replace(/^It is /, "").replace(/\.$/, ""))
      : error;
  }
}

function longName({ flags }: TableOption): string {
  return /^--([a-z0-9-]+)/.exec(flags)![1]!;
}

function keyOf(option: TableOption): string {
  return longName(option).replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function segmentEntries(text: string): number {
  const entries = positiveNumber(text);
  if (entries % 256 === 0) return entries;
  throw new InvalidArgumentError("It is a multiple of 256.");
}

function oneOf(...values: readonly string[]): (text: string) => string {
  return (text) => {
    if (values.includes(text)) return text;
    throw new InvalidArgumentError(`It is ${values.join(" or ")}.`);
  };
}

/** Bytes: `10G`, `512M`, `1000000`. */
function byteCount(text: string): number {
  const [, digits, unit] = /^(\d+)([KMGT]?)(?:i?B)?$/.exec(text) ?? [];
  if (digits !== undefined) return Number(digits) * BYTE_UNITS[unit!]!;
  throw new InvalidArgumentError("It is a number of bytes, such as 500M or 10G.");
}

function durationOrNever(text: string): number {
  return text === "0" ? 0 : duration(text);
}

/** Milliseconds: `500ms`, `5s`, `10m`, `1h`, `1d`. */
export function duration(text: string): number {
  const [, digits, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (digits !== undefined) return Number(digits) * TIME_UNITS_MS[unit!]!;
  throw new InvalidArgumentError("It is a time, such as 500ms, 5s, 10m or 1h.");
}
