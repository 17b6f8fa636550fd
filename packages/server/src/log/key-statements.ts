import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createFile } from "../store/durable-file.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { errorCode } from "../store/storage-error.ts";
import { logKeys } from "../store/store.ts";
import type { KeyStatements } from "./log-identity.ts";

/** The statements of a log in a directory: files `keys/<n>`. */
export function directoryStatements(directory: string): KeyStatements {
  const path = (number: number): string => join(directory, logKeys.keyStatement(number));
  return {
    read: async (number) => {
      try {
        return await readFile(path(number));
      } catch (error) {
        if (errorCode(error) === "ENOENT") return undefined;
        throw error;
      }
    },
    create: async (number, statement) => ((await createFile(path(number), statement)) ? "created" : "exists"),
  };
}

/** The statements of a log in a store: objects `keys/<n>`. */
export function objectStatements(objects: Pick<ObjectStore, "get" | "create">): KeyStatements {
  return {
    read: (number) => objects.get(logKeys.keyStatement(number)),
    create: (number, statement) => objects.create(logKeys.keyStatement(number), [statement]),
  };
}

/** All statements that are there, untrusted: for a verifier. */
export async function readStatements({ read }: Pick<KeyStatements, "read">): Promise<Uint8Array[]> {
  const statements: Uint8Array[] = [];
  for (;;) {
    const next = await read(statements.length + 1);
    if (!next) return statements;
    statements.push(next);
  }
}
