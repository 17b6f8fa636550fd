import { MalformedError, SteleError } from "./errors.ts";
import { parseDecimal } from "./integer.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";
import {
  formatVerifierKey,
  parseVerifierKey,
  SIGNATURE_TYPE_COSIGNATURE,
  SIGNATURE_TYPE_ED25519,
  type SignatureType,
  type VerifierKey,
} from "./verifier-key.ts";

/**
 * Which logs are believed, and which witnesses must have cosigned. c2sp.org/tlog-policy (untagged, 2026-06-22).
 *
 * Names of witnesses and groups mean nothing outside of the policy. They are octets: one that is not UTF-8 has
 * its high octets as lone surrogates, U+DC80 to U+DCFF, so that different names stay different.
 */
export interface Policy {
  /** Any one of them may have signed. The name of each key is the origin of its log. May be empty. */
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  /** A group has only such groups as members that stand before it. */
  readonly groups: readonly PolicyGroup[];
  /** The witness or group that must have cosigned; without it (`quorum none`), nobody must. */
  readonly quorum?: string;
}

export interface PolicyLog {
  readonly key: VerifierKey;
  /** Means what the application says; not checked here. */
  readonly url?: string;
}

export interface PolicyWitness extends PolicyLog {
  readonly name: string;
}

/** Has witnessed a checkpoint if at least `threshold` of its members have. */
export interface PolicyGroup {
  readonly name: string;
  /** 1 to the number of members. */
  readonly threshold: number;
  /** Names of witnesses and groups, each of which is a member of one group at most. */
  readonly members: readonly string[];
}

export const POLICY_LENGTH_BYTES_MAX = 1 << 18;
/** Of logs, of witnesses and of groups. All cosignatures still fit into one note (`NOTE_SIGNATURES_MAX`). */
const LINES_OF_A_KIND_MAX = 64;
/** Predefined for the quorum, and so the name of no witness and no group. */
const NO_QUORUM = "none";

/**
 * Parses a policy file. Where the bytes came from decides whether the policy is trusted.
 *
 * @throws MalformedError `policy_malformed`; the message names the line, and the cause says what is wrong with
 *   a key. Key types other than 0x01 (logs) and 0x04 (witnesses) can't be verified, and are refused.
 */
export function parsePolicy(bytes: Uint8Array): Policy {
  if (bytes.length > POLICY_LENGTH_BYTES_MAX) throw malformed(`longer than ${POLICY_LENGTH_BYTES_MAX} bytes`);
  const lines = octetLines(bytes);
  const parser = new PolicyParser();
  for (const [index, line] of lines.entries()) {
    const items = line.split(/[ \t]+/).filter((item) => item !== "");
    if (items.length > 0 && !items[0]!.startsWith("#")) parser.line(index + 1, items);
  }
  return parser.policy(lines.length);
}

/**
 * The canonical text of a policy: logs, witnesses, groups, quorum, with single spaces and without comments.
 *
 * @throws MalformedError `policy_malformed` if {@link parsePolicy} would refuse it
 */
export function formatPolicy({ logs, witnesses, groups, quorum }: Policy): Uint8Array {
  const lines = [
    ...logs.map(({ key, url }) => ["log", formatVerifierKey(key), url]),
    ...witnesses.map(({ name, key, url }) => ["witness", name, formatVerifierKey(key), url]),
    ...groups.map(({ name, threshold, members }) => {
      const n = members.length;
      return [
        "group",
        name,
        threshold === n ? "all" : threshold === 1 ? "any" : String(threshold),
        ...members,
      ];
    }),
    ["quorum", quorum ?? NO_QUORUM],
  ].map((items) => items.filter((item) => item !== undefined));
  const bad = lines.flat().find((item) => item === "" || /[ \t\n]/.test(item));
  if (bad !== undefined) throw malformed(`${JSON.stringify(bad)} can't stand in a line`);
  const octets = lines.map((items) => `${items.map(toOctets).join(" ")}\n`).join("");
  const bytes = Uint8Array.from(octets, (octet) => octet.charCodeAt(0));
  parsePolicy(bytes);
  return bytes;
}

/** Takes the lines in order, and has the policy at the end. */
class PolicyParser {
  readonly #logs: PolicyLog[] = [];
  readonly #witnesses: PolicyWitness[] = [];
  readonly #groups: PolicyGroup[] = [];
  readonly #names = new Set<string>();
  readonly #members = new Set<string>();
  readonly #publicKeys = new Set<string>();
  #quorum: string | undefined;

  line(number: number, items: readonly string[]): void {
    try {
      this.#item(items);
    } catch (error) {
      if (!(error instanceof SteleError)) throw error;
      const message = `Line ${number} of the policy: ${error.message}`;
      throw new MalformedError("policy_malformed", message, { cause: error });
    }
  }

  policy(lineCount: number): Policy {
    const quorum = this.#quorum;
    if (quorum === undefined) throw malformed(`its ${lineCount} lines have no quorum line`);
    return {
      logs: this.#logs,
      witnesses: this.#witnesses,
      groups: this.#groups,
      ...(quorum !== NO_QUORUM && { quorum }),
    };
  }

  #item([keyword = "", ...items]: readonly string[]): void {
    switch (keyword) {
      case "log": {
        const [vkey, url] = counted(items, 1, 2);
        checkRoom("logs", this.#logs);
        this.#logs.push({ key: this.#key(vkey!, SIGNATURE_TYPE_ED25519), ...optionalUrl(url) });
        return;
      }
      case "witness": {
        const [name, vkey, url] = counted(items, 2, 3);
        checkRoom("witnesses", this.#witnesses);
        const key = this.#key(vkey!, SIGNATURE_TYPE_COSIGNATURE);
        this.#witnesses.push({ name: this.#define(name!), key, ...optionalUrl(url) });
        return;
      }
      case "group": {
        const [name, threshold, ...members] = counted(items, 3, Infinity);
        checkRoom("groups", this.#groups);
        const names = members.map((member) => this.#member(member));
        // Defined after its members are looked up, so that it can't be one of them.
        const group = { name: this.#define(name!), threshold: parseThreshold(threshold!, names.length) };
        this.#groups.push({ ...group, members: names });
        return;
      }
      case "quorum": {
        const [name] = counted(items, 1, 1);
        if (this.#quorum !== undefined) throw refused("there is a quorum line already");
        this.#quorum = name === NO_QUORUM ? NO_QUORUM : this.#defined(name!);
        return;
      }
      default:
        throw refused(`${shown(keyword)} begins no line; log, witness, group and quorum do`);
    }
  }

  #key(octets: string, type: SignatureType): VerifierKey {
    const key = parseVerifierKey(decodeUtf8(Uint8Array.from(octets, (octet) => octet.charCodeAt(0))));
    if (key.type !== type) throw refused(`the key of ${key.name} is of type ${key.type}, not ${type}`);
    const publicKey = key.publicKey.join();
    if (this.#publicKeys.has(publicKey)) throw refused(`${key.name} has the public key of a line before`);
    this.#publicKeys.add(publicKey);
    return key;
  }

  #define(octets: string): string {
    const name = fromOctets(octets);
    if (name === NO_QUORUM) throw refused(`the name ${NO_QUORUM} is taken`);
    if (this.#names.has(name)) throw refused(`${shown(octets)} is defined already`);
    this.#names.add(name);
    return name;
  }

  #defined(octets: string): string {
    const name = fromOctets(octets);
    if (!this.#names.has(name)) throw refused(`${shown(octets)} is not defined in a line before`);
    return name;
  }

  #member(octets: string): string {
    const name = this.#defined(octets);
    if (this.#members.has(name)) throw refused(`${shown(octets)} is a member of a group already`);
    this.#members.add(name);
    return name;
  }
}

/** Lines without their newlines, one character (U+0000 to U+00FF) an octet. */
function octetLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  let line = "";
  for (const octet of bytes) {
    if (octet === 0x0a) {
      lines.push(line);
      line = "";
    } else if ((octet < 0x20 && octet !== 0x09) || octet === 0x7f) {
      const hex = octet.toString(16).padStart(2, "0");
      throw malformed(`line ${lines.length + 1} has the octet 0x${hex}, which must not be in a policy`);
    } else {
      line += String.fromCharCode(octet);
    }
  }
  // A line cut short could still mean something else.
  if (line !== "") throw malformed(`line ${lines.length + 1} does not end with a newline`);
  return lines;
}

/** See {@link Policy} for names that are not UTF-8. */
function fromOctets(octets: string): string {
  try {
    return decodeUtf8(Uint8Array.from(octets, (octet) => octet.charCodeAt(0)));
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return octets.replace(/[\x80-\xff]/g, (octet) => String.fromCharCode(0xdc00 + octet.charCodeAt(0)));
  }
}

function toOctets(text: string): string {
  if (text.isWellFormed()) {
    return Array.from(encodeUtf8(text), (octet) => String.fromCharCode(octet)).join("");
  }
  const octets = text.replace(/[\udc80-\udcff]/g, (half) => String.fromCharCode(half.charCodeAt(0) - 0xdc00));
  if (/[^\0-\xff]/.test(octets) || fromOctets(octets) !== text) {
    throw malformed(`${JSON.stringify(text)} stands for no octets`);
  }
  return octets;
}

function counted(items: readonly string[], min: number, max: number): readonly string[] {
  if (items.length >= min && items.length <= max) return items;
  const wanted = max === Infinity ? `${min} or more` : min === max ? min : `${min} or ${max}`;
  throw refused(`${wanted} items must follow the first one, not ${items.length}`);
}

function checkRoom(what: string, lines: readonly unknown[]): void {
  if (lines.length >= LINES_OF_A_KIND_MAX) throw refused(`more than ${LINES_OF_A_KIND_MAX} ${what}`);
}

function optionalUrl(octets: string | undefined): { url?: string } {
  return octets === undefined ? {} : { url: fromOctets(octets) };
}

function parseThreshold(text: string, memberCount: number): number {
  if (text === "any") return 1;
  if (text === "all") return memberCount;
  const threshold = parseDecimal("The threshold", text);
  if (threshold < 1 || threshold > memberCount) {
    throw refused(`the threshold ${threshold} is not from 1 to ${memberCount}`);
  }
  return threshold;
}

function shown(octets: string): string {
  return JSON.stringify(fromOctets(octets).slice(0, 80));
}

/** What is wrong with a line; {@link PolicyParser} says which one. */
function refused(reason: string): MalformedError {
  return new MalformedError("policy_malformed", reason);
}

function malformed(reason: string): MalformedError {
  return refused(`Not a policy: ${reason}`);
}
