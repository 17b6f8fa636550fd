import {
  formatCheckpoint,
  formatEntryBundle,
  formatNote,
  formatTile,
  formatVerifierKey,
  parseNote,
  signNote,
} from "@stele/proof";
import { ORIGIN, TestLog, testSigner } from "../../packages/proof/src/testing/test-log.ts";
import { honestlyShown, type Shown } from "./hostile-server.ts";

/** How many entries the log had when the verifier saw it first. */
export const SEEN_ENTRIES = 600;
const ENTRIES = 700;

export interface ServedAttack {
  readonly name: string;
  /** `bytes`: what is shown contradicts itself. `memory`: it contradicts only what was seen before. */
  readonly tells: "bytes" | "memory";
  readonly code: string;
  readonly names: RegExp;
  /** The alarm of `stele monitor`; none where it does not look: it reads entries and the tiles that it needs for proofs. */
  readonly alarm?: string;
  readonly show: () => Promise<Shown>;
}

const honest = new TestLog(ENTRIES);
const seen = new TestLog(SEEN_ENTRIES);
const rewritten = new TestLog(ENTRIES, (index) => (index === 100 ? "something else" : `entry ${index}`));

export const showSeen = async (): Promise<Shown> => await honestlyShown(seen);

async function shownBut(change: (shown: Shown) => void | Promise<void>, log = honest): Promise<Shown> {
  const shown = await honestlyShown(log);
  await change(shown);
  return shown;
}

function flip(shown: Shown, path: string, at: number): void {
  shown.resources.get(path)![at]! ^= 1;
}

export const SERVED_ATTACKS: readonly ServedAttack[] = [
  {
    name: "flip a bit of an entry in a bundle",
    tells: "bytes",
    code: "entry_not_authentic",
    names: /entries from 0 to 255/,
    alarm: "tiles_not_authentic",
    show: async () => await shownBut((shown) => flip(shown, "tile/entries/000", 5)),
  },
  {
    name: "flip a bit of a hash in a tile",
    tells: "bytes",
    code: "tile_not_authentic",
    names: /tile\/0\/001/,
    show: async () => await shownBut((shown) => flip(shown, "tile/0/001", 40)),
  },
  {
    name: "flip a bit of the root in the checkpoint",
    tells: "bytes",
    code: "note_signature_wrong",
    names: /not of its text/,
    alarm: "checkpoint_refused",
    show: async () => await shownBut((shown) => flip(shown, "checkpoint", ORIGIN.length + 6)),
  },
  {
    name: "a tile that is too short",
    tells: "bytes",
    code: "tile_malformed",
    names: /tile/i,
    show: async () =>
      await shownBut(({ resources }) => {
        resources.set("tile/0/001", resources.get("tile/0/001")!.subarray(0, 8_160));
      }),
  },
  {
    name: "a bundle with an entry more",
    tells: "bytes",
    code: "bundle_malformed",
    names: /bundle/,
    alarm: "tiles_not_authentic",
    show: async () =>
      await shownBut(({ resources }) => {
        const entries = honest.entries.slice(0, 257);
        resources.set("tile/entries/000", formatEntryBundle(entries.slice(0, 256)));
        const more = formatEntryBundle(entries.slice(256, 257));
        resources.set("tile/entries/000", Buffer.concat([resources.get("tile/entries/000")!, more]));
      }),
  },
  {
    name: "hashes of nodes in the place of leaf hashes",
    tells: "bytes",
    code: "tile_not_authentic",
    names: /tile\/0\/000/,
    show: async () =>
      await shownBut(({ resources }) => {
        const nodes = Array.from({ length: 256 }, (_, i) => honest.hash(1, i % 128));
        resources.set("tile/0/000", formatTile(nodes));
      }),
  },
  {
    name: "two entries swapped, with their leaf hashes",
    tells: "bytes",
    code: "entry_not_authentic",
    names: /entries from 0 to 255/,
    alarm: "tiles_not_authentic",
    show: async () =>
      await shownBut(({ resources }) => {
        const [first, second, ...others] = honest.entries.slice(0, 256);
        resources.set("tile/entries/000", formatEntryBundle([second!, first!, ...others]));
        const hashes = Array.from({ length: 256 }, (_, i) => honest.hash(0, i < 2 ? 1 - i : i));
        resources.set("tile/0/000", formatTile(hashes));
      }),
  },
  {
    name: "a checkpoint without a signature of the log",
    tells: "bytes",
    code: "note_not_signed",
    names: /not signed by/,
    alarm: "checkpoint_refused",
    show: async () =>
      await shownBut(async ({ resources }) => {
        const { text } = parseNote(resources.get("checkpoint")!);
        resources.set("checkpoint", await signNote(text, [testSigner("somebody.example", 3)]));
      }),
  },
  {
    name: "a checkpoint of another origin, signed with the log's key",
    tells: "bytes",
    code: "checkpoint_origin_wrong",
    names: /log\.example\/other/,
    alarm: "checkpoint_refused",
    show: async () =>
      await shownBut(async ({ resources }) => {
        const text = formatCheckpoint({
          origin: "log.example/other",
          treeSize: ENTRIES,
          root: honest.roots[ENTRIES]!,
        });
        resources.set("checkpoint", await signNote(text, [honest.signer]));
      }),
  },
  {
    name: "the log signed with another key",
    tells: "memory",
    code: "key_changed",
    names: /key/,
    alarm: "checkpoint_refused",
    show: async () =>
      await shownBut(async (shown) => {
        const other = testSigner(ORIGIN, 77);
        const { text } = parseNote(shown.resources.get("checkpoint")!);
        shown.resources.set("checkpoint", await signNote(text, [other]));
        shown.vkey = formatVerifierKey(other.key);
      }),
  },
  {
    name: "a rewritten history, with valid proofs and the real signature",
    tells: "memory",
    code: "root_mismatch",
    names: /600 entries/,
    alarm: "log_misbehaved",
    show: async () => await honestlyShown(rewritten),
  },
  {
    name: "the log of an hour ago",
    tells: "memory",
    code: "entries_missing",
    names: /600 entries, but only 500/,
    alarm: "log_went_back",
    show: async () => await honestlyShown(new TestLog(500)),
  },
  {
    name: "an empty log where a full one was",
    tells: "memory",
    code: "entries_missing",
    names: /600 entries, but only 0/,
    alarm: "log_emptied",
    show: async () => await honestlyShown(new TestLog(0)),
  },
  {
    name: "an empty tree with another root",
    tells: "bytes",
    code: "checkpoint_root_wrong",
    names: /empty tree/,
    alarm: "checkpoint_refused",
    show: async () =>
      await shownBut(async ({ resources }) => {
        const text = formatCheckpoint({ origin: ORIGIN, treeSize: 0, root: honest.roots[1]! });
        resources.set("checkpoint", await signNote(text, [honest.signer]));
      }),
  },
  {
    name: "a checkpoint with one signature of the log that is right and one that is not",
    tells: "bytes",
    code: "note_signature_wrong",
    names: /not of its text/,
    alarm: "checkpoint_refused",
    show: async () =>
      await shownBut(({ resources }) => {
        const { text, signatures } = parseNote(resources.get("checkpoint")!);
        const wrong = { ...signatures[0]!, signature: Buffer.alloc(64, 1) };
        resources.set("checkpoint", formatNote(text, [...signatures, wrong]));
      }),
  },
];
