import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  ConflictError,
  InvariantError,
  MalformedError,
  PROOF_ERROR_CODES,
  SteleError,
  UnavailableError,
  VerificationError,
} from "./errors.ts";

test("classes have their names, codes, causes and evidence", () => {
  const cause = new Error("why");
  for (const Class of [MalformedError, ConflictError, InvariantError, UnavailableError]) {
    const error = new Class("some_code", "what happened", { cause });
    expect(error).toBeInstanceOf(SteleError);
    expect(error).toMatchObject({ name: Class.name, code: "some_code", message: "what happened", cause });
  }
  expect(new UnavailableError("c", "m", { retryAfterMs: 50 }).retryAfterMs).toBe(50);
  expect(new UnavailableError("c", "m").retryAfterMs).toBeUndefined();
  const verification = new VerificationError("c", "m", { treeSize: 3 }, { cause });
  expect(verification).toMatchObject({ name: "VerificationError", evidence: { treeSize: 3 }, cause });
  expect("cause" in new MalformedError("c", "m")).toBe(false);
});

test("every code that is thrown is in the table, and the other way round", () => {
  const thrown = new Set<string>();
  for (const file of readdirSync(import.meta.dirname)) {
    if (!/^[a-z0-9-]+\.ts$/.test(file) || file === "errors.ts") continue;
    const source = readFileSync(`${import.meta.dirname}/${file}`, "utf8");
    for (const [, code] of source.matchAll(/new (?:\w+)Error\(\s*"([a-z0-9_]+)"/g)) thrown.add(code!);
  }
  expect([...thrown].toSorted()).toEqual(Object.keys(PROOF_ERROR_CODES).toSorted());
});
