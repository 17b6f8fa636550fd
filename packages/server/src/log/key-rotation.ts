import {
  ConflictError,
  followSuccession,
  formatVerifierKey,
  newestKey,
  signKeyStatement,
  type KeyStatement,
  type LogKeys,
  type NoteSigner,
} from "@stele/proof";
import type { SignedTreeHead } from "./audit-log.ts";
import type { LogIdentity } from "./log-identity.ts";
import type { Mutex } from "./mutex.ts";

/** Each key that is not retired signs each checkpoint, and a note has room for 100 signatures, those of witnesses included. */
const KEYS_IN_USE_MAX = 8;

export interface KeyRotationOptions {
  readonly identity: LogIdentity;
  /** Held meanwhile: nothing is committed here. */
  readonly exclusive: Mutex;
  readonly head: () => SignedTreeHead;
  /** Takes over what other nodes committed, if there are any. The mutex is held. */
  readonly catchUp?: () => Promise<unknown>;
}

/**
 * Changes the key of a log: declares the next one, and retires one that was replaced. Why neither can make a commit false that
 * another node has on its way: docs/spec/keys.md.
 */
export class KeyRotation {
  readonly #options: KeyRotationOptions;

  constructor(options: KeyRotationOptions) {
    this.#options = options;
  }

  /**
   * Makes a new key and declares it: from now on both sign.
   *
   * @param current the newest key (a vkey), as whoever asks knows it: so asking twice does not rotate twice
   * @throws ConflictError `key_not_current`, `keys_too_many`, `key_source_empty`; UnavailableError as the store and signers do; `log_fenced`
   */
  async rotate(current: string): Promise<LogKeys> {
    return await this.#declare(async ({ identity, head }) => {
      if (identity.vkey !== current) {
        throw new ConflictError(
          "key_not_current",
          `The newest key of the log is ${identity.vkey}, not ${current}. Nothing was changed`,
        );
      }
      const inUse = identity.present.keys.filter(({ toSize }) => toSize === Number.MAX_SAFE_INTEGER);
      if (inUse.length >= KEYS_IN_USE_MAX) {
        throw new ConflictError(
          "keys_too_many",
          `${inUse.length} keys of the log sign already: retire older ones first (stele key retire). Nothing was changed`,
        );
      }
      const next = await identity.nextSigner();
      if (!next) {
        throw new ConflictError(
          "key_source_empty",
          "What this node was given has no key that the log has not had. Start all nodes with a new source before the present one: --key NEW --key OLD",
        );
      }
      const { origin } = identity;
      const after = formatVerifierKey(next.key);
      const signers = await identity.signers();
      return {
        statement: { kind: "succession", origin, before: current, after, treeSize: head().treeSize },
        signers: [signers[0]!, next],
      };
    });
  }

  /**
   * Ends the use of an older key. Refused until a commit is signed with the newest one: whoever commits behind that knows it, so no
   * commit that is on its way can be signed with the older key alone.
   *
   * @throws ConflictError `key_unknown`, `key_in_use`, `key_unproven`; UnavailableError as the store and signers do; `log_fenced`
   */
  async retire(vkey: string): Promise<LogKeys> {
    return await this.#declare(async ({ identity, head }) => {
      const key = identity.present.keys.find((each) => each.vkey === vkey);
      if (!key) {
        throw new ConflictError("key_unknown", `${vkey} is not a key of the log. Nothing was changed`);
      }
      if (key.toSize !== Number.MAX_SAFE_INTEGER) return undefined;
      if (key === newestKey(identity.present)) {
        throw new ConflictError(
          "key_in_use",
          "The newest key can't be retired: rotate first (stele key rotate)",
        );
      }
      const { treeSize } = head();
      if (treeSize === 0 || !identity.isSignedByNewest(head())) {
        throw new ConflictError(
          "key_unproven",
          "No commit is signed with the newest key yet, so a node may not know of it. Append an event, then retire",
        );
      }
      const signers = await identity.signers();
      return {
        statement: { kind: "retirement", origin: identity.origin, vkey, treeSize },
        signers: [signers[0]!],
      };
    });
  }

  async #declare(
    plan: (
      options: KeyRotationOptions,
    ) => Promise<{ statement: KeyStatement; signers: readonly NoteSigner[] } | undefined>,
  ): Promise<LogKeys> {
    const { identity, exclusive, catchUp } = this.#options;
    return await exclusive.run(async () => {
      // A log that was fenced says so here; else a statement could be made where nobody reads it any more.
      await catchUp?.();
      await identity.refresh();
      const planned = await plan(this.#options);
      if (!planned) return identity.present;
      const { statements, keys } = identity.present;
      const bytes = await signKeyStatement(planned.statement, planned.signers);
      // What does not count must never be stored: it would be there for good.
      followSuccession(keys[0]!.vkey, [...statements, bytes]);
      const outcome = await identity.declare(statements.length + 1, bytes);
      await identity.refresh();
      const stored = identity.present.statements[statements.length];
      if (outcome === "created" || (stored && Buffer.compare(stored, bytes) === 0)) return identity.present;
      throw new ConflictError(
        "key_not_current",
        "Another node changed the keys of the log at the same time: look at them, and decide again (stele key list)",
      );
    });
  }
}
