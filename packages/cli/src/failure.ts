import { SteleError, UnavailableError, VerificationError } from "@stele/proof";
import { EXIT_CODE, type ExitCode } from "./exit-code.ts";
import { printableLines } from "./printable.ts";
import { InterruptedError, UsageError } from "./cli-error.ts";

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
  token_unknown:
    "Was the token revoked, or is it of another node? “stele token list” on the node's machine shows.",
  token_expired: "“stele token create” on the node's machine makes another one.",
  role_insufficient:
    "Use a token of another role: “stele token create --role …” on the node's machine makes one.",
  key_malformed: "A key is written as <name>+<8 hex digits>+<base64>; “stele key show” prints the log's.",
};

/** Every error is told as one sentence, never as a stack trace. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError)
    return { exitCode: EXIT_CODE.usage, code: "usage", message: error.message };
  if (error instanceof InterruptedError) {
    return { exitCode: EXIT_CODE.failed, code: "interrupted", message: "Interrupted." };
  }
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
  const message = printableLines(error.message);
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
  return { exitCode, code, message, ...(hint !== undefined && { hint }) };
}

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
  return { code: error.code, message: `${said} ${printableLines(path)}` };
}
