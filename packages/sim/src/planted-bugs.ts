import { verifyCheckpoint } from "@stele/proof";
import { logKeys, recoverShared, type LogIdentity, type ObjectStore } from "@stele/server/protocol";
import type { Bug } from "./world.ts";

/*
 * Mistakes that the protocol does not make, to show that the simulation would find them. They are made by lying to the
 * journal about the store, so that no production code knows of them.
 */

/** What a liar changes of a store. */
type Lie = (objects: ObjectStore) => Partial<ObjectStore>;

function lying(name: string, lie: Lie): Bug {
  return {
    name,
    recover: (options) => {
      const { objects } = options;
      const honest: ObjectStore = {
        place: objects.place,
        create: (key, pieces) => objects.create(key, pieces),
        get: (key) => objects.get(key),
        list: (prefix, after) => objects.list(prefix, after),
        delete: (keys) => objects.delete(keys),
      };
      return recoverShared({ ...options, objects: { ...honest, ...lie(objects) } });
    },
  };
}

/** "exists" is taken for another node's commit, without reading it back. */
const existsIsForeign = lying("exists_is_foreign", (objects) => {
  let disowned: string | undefined;
  return {
    create: async (key, pieces) => {
      const outcome = await objects.create(key, pieces);
      disowned = outcome === "exists" ? key : undefined;
      return outcome;
    },
    get: async (key) => {
      const bytes = await objects.get(key);
      if (!bytes || key !== disowned) return bytes;
      disowned = undefined;
      return withOtherId(bytes);
    },
  };
});

/** "exists" is taken for the node's own commit, without reading it back. */
const existsIsOurs = lying("exists_is_ours", (objects) => ({
  create: async (key, pieces) => {
    await objects.create(key, pieces);
    return "created";
  },
}));

/** A 404 at the end is believed, however long ago the end was known. */
const believes404 = lying("believes_404", (objects) => withoutRecordsAfter(objects, "missing"));

/** "created" is believed, however long the node stood still. */
const believesCreated = lying("believes_created", (objects) => withoutRecordsAfter(objects, "created"));

/** A commit that is found is believed, though its position may have been trimmed before it landed. */
const believesFound = lying("believes_found", (objects) => withoutRecordsAfter(objects, "found"));

/** A journal that deletes what is sealed at once, all but the last `kept` commits of it. */
function trimming(name: string, kept: number): Bug {
  return {
    name,
    recover: async (options) => {
      const recovery = await recoverShared(options);
      const { journal } = recovery;
      const trim = journal.trim.bind(journal);
      journal.trim = async (before) => {
        await trim(before);
        await deleteBefore(options.objects, before, kept);
      };
      return recovery;
    },
  };
}

/** Commits are deleted as soon as they are sealed. */
const trimsAtOnce = trimming("trims_at_once", 1);

/** One commit more than what is sealed is deleted. */
const trimsTooMuch = trimming("trims_too_much", 0);

/** A node's knowledge of the keys, with some of its methods replaced. */
function misjudging(
  name: string,
  replaced: (identity: LogIdentity) => Partial<Pick<LogIdentity, "verify" | "isSignedByNewest">>,
): Bug {
  return {
    name,
    identity: (identity) => {
      const methods = replaced(identity);
      return new Proxy(identity, {
        get: (target, property) => {
          const value: unknown = Reflect.get(methods, property) ?? Reflect.get(target, property, target);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      });
    },
  };
}

/** A key is retired though no commit shows that every writer knows the newest. */
const retiresUnproven = misjudging("retires_unproven", () => ({ isSignedByNewest: () => true }));

/** A commit is followed without looking who else signed it. */
const overlooksKeys = misjudging("overlooks_keys", (identity) => ({
  verify: (note) => identity.trying((keys) => verifyCheckpoint(note, keys)),
}));

export const plantedBugs: readonly Bug[] = [
  retiresUnproven,
  overlooksKeys,
  existsIsForeign,
  existsIsOurs,
  believes404,
  believesCreated,
  believesFound,
  trimsAtOnce,
  trimsTooMuch,
];

/** Whoever got this answer from the journal does not see seal records next. */
function withoutRecordsAfter(
  objects: ObjectStore,
  answer: "missing" | "created" | "found",
): Partial<ObjectStore> {
  let last: "missing" | "created" | "found" | undefined;
  return {
    create: async (key, pieces) => {
      const outcome = await objects.create(key, pieces);
      last = outcome === "created" ? "created" : undefined;
      return outcome;
    },
    get: async (key) => {
      if (key.startsWith(logKeys.segments) && last === answer) return undefined;
      const bytes = await objects.get(key);
      if (key.startsWith(logKeys.journal)) last = bytes ? "found" : "missing";
      return bytes;
    },
  };
}

async function deleteBefore(objects: ObjectStore, before: number, kept: number): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of objects.list(logKeys.journal)) {
    if (key >= logKeys.commit(before)) break;
    keys.push(key);
  }
  await objects.delete(keys.slice(0, keys.length - kept));
}

/** The same commit as if somebody else had made it. */
function withOtherId(bytes: Buffer): Buffer {
  const prefix = '{"commit":{"id":"';
  const copy = Buffer.from(bytes);
  copy.write(copy[prefix.length] === 0x30 ? "1" : "0", prefix.length);
  return copy;
}
