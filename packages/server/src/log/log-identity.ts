import {
  encodeUtf8,
  followSuccession,
  formatCheckpoint,
  formatNote,
  KEY_STATEMENTS_MAX,
  maySign,
  newestKey,
  parseNote,
  parseVerifierKey,
  MalformedError,
  SteleError,
  UnavailableError,
  verifyCheckpoint,
  type LogKey,
  type LogKeys,
  type NoteSigner,
  type VerifiedCheckpoint,
} from "@stele/proof";
import type { SignedTreeHead } from "./audit-log.ts";
import { logVerifier } from "./native-ed25519.ts";
import { PresentKeys } from "./present-keys.ts";
import type { KeySource } from "./signer/key-source.ts";

/** The statements about a log's keys, where the log is kept: numbered from 1 on, each created once. */
export interface KeyStatements {
  /** Untrusted. @throws UnavailableError */
  read(number: number): Promise<Uint8Array | undefined>;
  /** Durable when it resolves, unless there is one of this number. @throws UnavailableError: then it may have happened */
  create(number: number, statement: Uint8Array): Promise<"created" | "exists">;
}

export interface LogIdentityOptions {
  readonly origin: string;
  readonly createdAt: string;
  /** The key that the log was made with (a vkey). */
  readonly firstVkey: string;
  readonly statements: KeyStatements;
  /** Where private keys are; new ones come from the first that has any. */
  readonly sources: readonly KeySource[];
  /** Where older keys may be as well. */
  readonly olderSources?: readonly KeySource[];
}

/** Told of what happens to the keys of a log at one node. */
export interface KeyWatch {
  /** A signer failed: once, until it works again. */
  failed(error: unknown): void;
  recovered(): void;
  /** There are other keys from now on. */
  changed(keys: LogKeys): void;
}

/** The name of a log and its keys, as one node knows them: which there are, which it signs with. docs/spec/keys.md. */
export class LogIdentity {
  readonly origin: string;
  readonly createdAt: string;
  /** Always the present ones: what was handed this sees new keys once they are known. */
  readonly keys: LogKeys;
  readonly #options: LogIdentityOptions;
  #known: LogKeys;
  /** By vkey: those whose private half is here. */
  readonly #signers = new Map<string, NoteSigner>();
  /** Whether this node may have learnt of commits without having looked for statements since. */
  #isStale = true;
  #watch: KeyWatch | undefined;
  /** Of the signers, told or still to be told. */
  #failure: unknown;

  constructor(options: LogIdentityOptions) {
    this.#options = options;
    this.origin = options.origin;
    this.createdAt = options.createdAt;
    this.#known = followSuccession(options.firstVkey, [], logVerifier);
    this.keys = new PresentKeys(() => this.#known);
  }

  /** The newest key: what verifiers are to be given. */
  get vkey(): string {
    return newestKey(this.#known).vkey;
  }

  /** The keys as they are now, which do not change any more. */
  get present(): LogKeys {
    return this.#known;
  }

  /** From now on, and that a signer fails already. */
  watch(watch: KeyWatch): void {
    this.#watch = watch;
    if (this.#failure !== undefined) watch.failed(this.#failure);
  }

  /**
   * Looks for statements that are not known yet.
   *
   * @param statements where: where the log is kept unless told; a mirror while that is out, which may lag
   * @throws UnavailableError; VerificationError, MalformedError if what is there is no statement that counts
   */
  async refresh(statements?: Pick<KeyStatements, "read">): Promise<void> {
    const known = [...this.#known.statements];
    while (known.length < KEY_STATEMENTS_MAX) {
      const next = await (statements ?? this.#options.statements).read(known.length + 1);
      if (!next) break;
      known.push(next);
    }
    // Another call may have come further meanwhile.
    if (known.length > this.#known.statements.length) {
      this.#known = followSuccession(this.#options.firstVkey, known, logVerifier);
      this.#watch?.changed(this.#known);
    }
    if (!statements) this.#isStale = false;
  }

  /** This node may know of commits by writers that knew other keys: it looks for statements before it signs. */
  expire(): void {
    this.#isStale = true;
  }

  /** What `verify` gives; if that fails and there are newer keys than were known, once more with those. */
  async trying<T>(verify: (keys: LogKeys) => T): Promise<T> {
    const known = this.#known;
    try {
      return verify(known);
    } catch (error) {
      if (!(error instanceof SteleError)) throw error;
      await this.refresh();
      if (this.#known === known) throw error;
      return verify(this.#known);
    }
  }

  /**
   * Verifies the checkpoint of a commit that another node made. Where it carries a signature of this log by a key that is not known here,
   * statements are looked for first: whoever follows such a commit and goes on from it must sign with that key, too
   * (docs/spec/keys.md, K9).
   *
   * @throws what `verifyCheckpoint` and {@link refresh} throw
   */
  async verify(note: Uint8Array): Promise<VerifiedCheckpoint> {
    const known = new Set(this.#known.keys.map(({ verifier }) => verifier.key.keyId));
    const { signatures } = parseNote(note);
    if (signatures.some(({ name, keyId }) => name === this.origin && !known.has(keyId))) await this.refresh();
    return await this.trying((keys) => verifyCheckpoint(note, keys));
  }

  /**
   * Who signs now, newest key first: all that were not retired, as far as this node has them.
   *
   * @throws UnavailableError `key_missing` if it lacks the newest; what {@link refresh} and finding keys throw
   */
  async signers(): Promise<readonly NoteSigner[]> {
    if (this.#isStale) await this.refresh();
    const { keys } = this.#known;
    const signers: NoteSigner[] = [];
    for (const [i, key] of [...keys.entries()].toReversed()) {
      const isNewest = i === keys.length - 1;
      if (!isNewest && key.toSize !== Number.MAX_SAFE_INTEGER) continue;
      const signer = await this.#find(key, i + 1, isNewest);
      if (signer) signers.push(signer);
      else if (isNewest) throw missing(key);
    }
    return signers;
  }

  /**
   * Makes sure that this node was given the newest key. That its signer is out is only told to {@link watch}: it may read meanwhile.
   *
   * @throws MalformedError `key_mismatch`
   */
  async assertSigns(): Promise<void> {
    const { keys } = this.#known;
    const newest = newestKey(this.#known);
    try {
      if (await this.#find(newest, keys.length, true)) return;
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      this.#tell(error);
      return;
    }
    const places = this.#options.sources.map(({ place }) => place).join(", ");
    throw new MalformedError(
      "key_mismatch",
      `What this node was given (${places}) is not what the key of the log ${this.origin} is made from: ${newest.vkey}`,
    );
  }

  /** A key that the log has not had, if there is one. @throws what sources throw */
  async nextSigner(): Promise<NoteSigner | undefined> {
    const taken = this.#known.keys.map(({ vkey }) => parseVerifierKey(vkey));
    for (const source of this.#options.sources) {
      const signer = await source.next(this.origin, taken);
      if (signer) return signer;
    }
    return undefined;
  }

  /** Makes a statement, unless there is one of its number. */
  async declare(number: number, statement: Uint8Array): Promise<"created" | "exists"> {
    return await this.#options.statements.create(number, statement);
  }

  /**
   * Signs a note text. The newest key must sign; the older ones that are still in use sign, too, if they can.
   *
   * @throws UnavailableError `signer_failed`, `key_missing`; what {@link signers} throws
   */
  async sign(text: string): Promise<Uint8Array> {
    try {
      const [newest, ...older] = await this.signers();
      const bytes = encodeUtf8(text);
      // In one key that is in this process, nothing is waited for.
      const signature = newest!.sign(bytes);
      const own = signature instanceof Uint8Array ? signature : await signature;
      const lines = [{ name: this.origin, keyId: newest!.key.keyId, signature: own }];
      let failure: unknown;
      for (const signer of older) {
        try {
          lines.push({ name: this.origin, keyId: signer.key.keyId, signature: await signer.sign(bytes) });
        } catch (error) {
          if (!(error instanceof UnavailableError)) throw error;
          failure = error;
        }
      }
      this.#tell(failure);
      return formatNote(text, lines);
    } catch (error) {
      if (error instanceof UnavailableError && isOfSigner(error)) this.#tell(error);
      throw error;
    }
  }

  /** The signed checkpoint of a tree. @throws what {@link sign} throws */
  async signTreeHead(treeSize: number, root: Uint8Array): Promise<SignedTreeHead> {
    const text = formatCheckpoint({ origin: this.origin, treeSize, root });
    return { treeSize, root, note: await this.sign(text) };
  }

  /** Whether the newest key signed a checkpoint, of a size that it may sign. */
  isSignedByNewest({ note, treeSize }: SignedTreeHead): boolean {
    const newest = newestKey(this.#known);
    const { keyId } = newest.verifier.key;
    return (
      maySign(newest, treeSize) &&
      parseNote(note).signatures.some((each) => each.name === this.origin && each.keyId === keyId)
    );
  }

  async #find(key: LogKey, number: number, isNeeded: boolean): Promise<NoteSigner | undefined> {
    const known = this.#signers.get(key.vkey);
    if (known) return known;
    const { sources, olderSources = [] } = this.#options;
    let failure: unknown;
    for (const source of [...sources, ...olderSources]) {
      try {
        const signer = await source.find(parseVerifierKey(key.vkey), number);
        if (!signer) continue;
        this.#signers.set(key.vkey, signer);
        return signer;
      } catch (error) {
        // Another source may have it.
        if (!(error instanceof UnavailableError)) throw error;
        failure = error;
      }
    }
    if (failure !== undefined && isNeeded) throw failure;
    return undefined;
  }

  #tell(failure: unknown): void {
    if (failure !== undefined && this.#failure === undefined) this.#watch?.failed(failure);
    if (failure === undefined && this.#failure !== undefined) this.#watch?.recovered();
    this.#failure = failure;
  }
}

function isOfSigner({ code }: UnavailableError): boolean {
  return code === "signer_failed" || code === "key_missing";
}

function missing({ vkey }: LogKey): UnavailableError {
  return new UnavailableError(
    "key_missing",
    "This node does not have the log's newest key, and so can't write. Send this again, with the same ids, to another node",
    {
      cause: new Error(
        `The key of the log is ${vkey} now: give this node what it is made from (--key), and start it anew`,
      ),
    },
  );
}
