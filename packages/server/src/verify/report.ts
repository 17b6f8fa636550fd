import type { X509Certificate } from "node:crypto";
import type { Policy } from "@stele/proof";
import type { SourceFindings } from "./source-audit.ts";
import type { ImplausibleTimes } from "./time-audit.ts";
import type { AnchorFindings } from "../anchor/anchor-audit.ts";

/** What a verification looked at. Every number is of things that were recomputed and compared. */
export interface Checked {
  entries: number;
  segments: number;
  commits: number;
  /** Signed checkpoints whose signature and root were compared. */
  checkpoints: number;
  bytes: number;
}

export type VerifiedTarget = "directory" | "store" | "url" | "proof" | "evidence";

/** A checkpoint that reaches the quorum of the policy that was given. */
export interface Witnessed {
  /** Of the checkpoint; the log may have more entries. */
  readonly treeSize: number;
  /** By the names in their keys, with the times that they state. */
  readonly witnesses: readonly { readonly name: string; readonly timestampSeconds: number }[];
}

/** A verification that found nothing wrong. What is wrong is thrown, with the place of the first difference. */
export interface VerificationReport {
  readonly target: VerifiedTarget;
  readonly place: string;
  readonly origin: string;
  readonly vkey: string;
  /** Where the key came from: only `given` and `remembered` keep a forged log of another key from passing. */
  readonly keyFrom: "given" | "remembered" | "log" | "file";
  readonly treeSize: number;
  /** Base64. */
  readonly root: string;
  readonly checked: Readonly<Checked>;
  /** The tree size that the last verification saw, if there was one: the present log extends it. */
  readonly extendsSize: number | undefined;
  /** What was kept of the log's checkpoints, and time-stamps of them. */
  readonly anchors?: AnchorFindings;
  /** Without the comparing of columns. */
  readonly seconds: number;
  /** The typed columns of segments that were derived anew from entries, and compared. */
  readonly witnessed?: Witnessed;
  readonly columns?: { readonly rows: number; readonly seconds: number };
  /** Times of receipt that no node with a right clock gives. */
  readonly times?: ImplausibleTimes;
  /** What the entries show of their sources. */
  readonly sources?: SourceFindings;
}

export interface VerifyOptions {
  /** The vkey that the log must be signed with, or one that it was signed with before a declared succession. */
  readonly key?: string;
  /** Keys of logs, witnesses and their quorum that are trusted: what the log has published must satisfy it. */
  readonly policy?: Policy;
  /** Where the verifier keeps what it saw last of each log; never the node's directory. */
  readonly stateDirectory: string;
  /** Certificates of time-stamping authorities, or of those that certify them; without, authorities are not authenticated. */
  readonly trustedTsas?: readonly X509Certificate[];
  /** Compare what searches go by, too: unless told not to. It is no evidence, and takes about as long as all the rest. */
  readonly columns?: boolean;
  /** Called now and then. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

export function nothingChecked(): Checked {
  return { entries: 0, segments: 0, commits: 0, checkpoints: 0, bytes: 0 };
}
