import { RefusedError } from "@stele/client";
import { SteleError, UnavailableError, VerificationError } from "@stele/proof";
import { EXIT_CODE, type ExitCode } from "./exit-code.ts";
import { printable } from "./printable.ts";
import { UsageError } from "./usage-error.ts";

/** What is told about an error: what happened, what to do about it, and how `stele` ends. */
export interface Failure {
  readonly exitCode: ExitCode;
  /** For programs. */
  readonly code: string;
  /** One sentence. */
  readonly message: string;
  readonly hint?: string;
}

const HINTS: Readonly<Record<string, string>> = {
  token_required:
    "Give an access token in $STELE_TOKEN or with --token-file. “stele token create” on the node's machine makes one.",
  token_unknown: "Was the token revoked, or is it of another node? “stele token list” on the node's machine shows.",
  role_insufficient: "Use a token of another role: “stele token create --role …” on the node's machine makes one.",
  key_malformed: "A key is written as <name>+<8 hex digits>+<base64>; “stele key show” prints the log's.",
};

/** Every error is told as one sentence, never as a stack trace. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError) return { exitCode: EXIT_CODE.usage, code: "usage", message: error.message };
  if (error instanceof SteleError) return describeSteleError(error);
  const system = describeSystemError(error);
  if (system) return { exitCode: EXIT_CODE.failed, ...system };
  const message = error instanceof Error ? error.message : String(error);
  return {
    exitCode: EXIT_CODE.failed,
    code: "unexpected",
    message: `Unexpected: ${message}`,
    hint: "This is a fault of Stele. STELE_DEBUG=1 shows where it happened; please report it.",
  };
}

function describeSteleError(error: SteleError): Failure {
  const { code } = error;
  const message = error.message.split("\n").map(printable).join("\n");
  if (error instanceof VerificationError) return { exitCode: EXIT_CODE.verificationFailed, code, message };
  const exitCode = EXIT_CODE.failed;
  if (error instanceof UnavailableError && code === "unreachable") {
    return {
      exitCode,
      code,
      message: message.replace("No connection to", "No node answers at"),
      hint: "Start one with “npx stele serve”, or say where it is with --url or $STELE_URL.",
    };
  }
  const hint = HINTS[code];
  return { exitCode, code, message: withPointer(error, message), ...(hint !== undefined && { hint }) };
}

/** A bad query says at which character; the command adds the query, see {@link pointAt}. */
function withPointer(error: SteleError, message: string): string {
  if (!(error instanceof RefusedError) || error.problems.length === 0) return message;
  const lines = error.problems.slice(0, PROBLEMS_SHOWN).map(({ position, path, reason }) => {
    return `  event ${position}${path && ` ${printable(path)}`}: ${printable(reason)}`;
  });
  const more = error.problems.length - lines.length;
  return [message, ...lines, ...(more > 0 ? [`  and ${more} more`] : [])].join("\n");
}

const PROBLEMS_SHOWN = 10;

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "There is no",
  EACCES: "No permission for",
  EPERM: "No permission for",
  EISDIR: "This is a directory, not a file:",
  ENOTDIR: "This is a file, not a directory:",
  ENOSPC: "The disk is full:",
  EEXIST: "There is already a",
};

function describeSystemError(error: unknown): { code: string; message: string } | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  const said = SYSTEM_ERRORS[error.code];
  if (said === undefined) return undefined;
  const path = "path" in error && typeof error.path === "string" ? error.path : error.message;
  return { code: error.code, message: `${said} ${printable(path)}` };
}

/** The query with a mark under what is wrong with it. */
export function pointAt(query: string, offset: number, length = 1): string {
  const before = printable(query.slice(0, offset));
  const wrong = printable(query.slice(offset, offset + length));
  const marked = "^".repeat(Math.max(1, wrong.length));
  return `  ${before}${wrong}${printable(query.slice(offset + length))}\n  ${" ".repeat(before.length)}${marked}`;
}
