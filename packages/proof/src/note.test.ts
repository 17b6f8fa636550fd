import * as fc from "fast-check";
import { expect, test } from "vitest";
import vectors from "../vectors/notes.json" with { type: "json" };
import { MalformedError, SteleError, VerificationError } from "./errors.ts";
import {
  formatNote,
  formatSignatureLine,
  NOTE_LENGTH_BYTES_MAX,
  noteVerifier,
  parseNote,
  parseSignatureLine,
  signNote,
  verifyNote,
  type Note,
} from "./note.ts";
import { expectError, expectRejection } from "./testing/expect-error.ts";
import { testSigner, testWitness } from "./testing/test-log.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

test.each(vectors.notes)("golden note: $name", ({ keys, note, text, code }) => {
  const run = () =>
    verifyNote(
      encodeUtf8(note),
      keys.map((key) => noteVerifier(key)),
    );
  if (text !== undefined) {
    const verified = run();
    expect(verified.text).toBe(text);
    expect(verified.verified.length).toBeGreaterThan(0);
    expect(decodeUtf8(formatNote(verified.text, verified.signatures))).toBe(note);
    return;
  }
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  expect(code?.split("|")).toContain(thrown instanceof SteleError ? thrown.code : String(thrown));
});

const alice = testSigner("example.com/alice", 1);
const bob = testSigner("example.com/bob", 2);

test("signs with several keys, and tells who signed", async () => {
  const bytes = await signNote("text\n", [alice, bob]);
  const [byAlice, byBob] = [noteVerifier(alice.key), noteVerifier(bob.key)];
  expect(verifyNote(bytes, [byBob, byAlice]).verified.map((v) => v.verifier)).toEqual([byAlice, byBob]);
  const onlyBob = verifyNote(bytes, [byBob]);
  expect(onlyBob.verified.map((v) => v.name)).toEqual(["example.com/bob"]);
  expect(onlyBob.signatures.map((s) => s.name)).toEqual(["example.com/alice", "example.com/bob"]);
});

test("a signer may be asynchronous, and keeps its `this`", async () => {
  class RemoteSigner {
    readonly key = alice.key;
    readonly #local = alice;
    async sign(text: Uint8Array) {
      return await this.#local.sign(text);
    }
  }
  expect(await signNote("text\n", [new RemoteSigner()])).toEqual(await signNote("text\n", [alice]));
});

test("verification can be injected", async () => {
  const bytes = await signNote("text\n", [alice]);
  const seen: Uint8Array[] = [];
  const verifier = noteVerifier(alice.key, (publicKey, message, signature) => {
    seen.push(publicKey, message, signature);
    return true;
  });
  verifyNote(bytes, [verifier]);
  expect(seen[0]).toEqual(alice.key.publicKey);
  expect(seen[1]).toEqual(encodeUtf8("text\n"));
  expect(seen[2]).toHaveLength(64);
  expectError(VerificationError, "note_signature_wrong", () =>
    verifyNote(bytes, [noteVerifier(alice.key, () => false)]),
  );
});

test("the evidence has the note", async () => {
  const bytes = await signNote("text\n", [alice]);
  const error = expectError(VerificationError, "note_not_signed", () =>
    verifyNote(bytes, [noteVerifier(bob.key)]),
  );
  expect(error.evidence).toEqual({ note: parseNote(bytes) });
});

test("each changed bit is found, except in an unknown signature", async () => {
  const bytes = await signNote("some text\n\nand more\n", [alice]);
  const verifiers = [noteVerifier(alice.key)];
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [1, 0x80]) {
      const changed = bytes.with(at, bytes[at]! ^ bit);
      let thrown: unknown;
      try {
        verifyNote(changed, verifiers);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(SteleError);
    }
  }
});

test("what parseNote accepts, formatNote gives back byte for byte", () => {
  const name = fc.constantFrom("a", "é", "example.com/x", "日本");
  const signature = fc.record({
    name,
    keyId: fc.nat({ max: 0xffffffff }),
    signature: fc.uint8Array({ minLength: 1, maxLength: 80 }),
  });
  const line = fc.string({
    unit: fc.constantFrom("a", " ", "—", "日", "\u007f", "\u{1f600}"),
    maxLength: 10,
  });
  const note = fc.record({
    text: fc.array(line, { minLength: 1, maxLength: 5 }).map((lines) => `${lines.join("\n")}\n`),
    signatures: fc.array(signature, { minLength: 1, maxLength: 5 }),
  });
  const damage = fc.tuple(fc.nat({ max: 1000 }), fc.constantFrom(0x0a, 0x20, 0x2b, 0x3d, 0x41, 0x00, 0xff));
  fc.assert(
    fc.property(note, fc.array(damage, { maxLength: 2 }), ({ text, signatures }, damages) => {
      const bytes = formatNote(text, signatures);
      expect(parseNote(bytes)).toEqual({ text, signatures });
      for (const [at, byte] of damages) bytes[at % bytes.length] = byte;
      let parsed: Note;
      try {
        parsed = parseNote(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError);
        return;
      }
      expect(formatNote(parsed.text, parsed.signatures)).toEqual(bytes);
    }),
    { numRuns: 300 },
  );
});

test("limits", () => {
  expectError(MalformedError, "note_malformed", () => parseNote(new Uint8Array(NOTE_LENGTH_BYTES_MAX + 1)));
  const signature = { name: "a", keyId: 1, signature: Uint8Array.of(1) };
  expectError(MalformedError, "note_malformed", () => formatNote("text\n", []));
  const many = Array.from({ length: 101 }, () => signature);
  expectError(MalformedError, "note_malformed", () => formatNote("text\n", many));
  expect(parseNote(formatNote("text\n", many.slice(1))).signatures).toHaveLength(100);
});

test("does not format what it would not parse", async () => {
  const signature = { name: "a", keyId: 1, signature: Uint8Array.of(1) };
  for (const text of ["", "no newline", "a tab\t\n", "\r\n"]) {
    expectError(MalformedError, "note_malformed", () => formatNote(text, [signature]));
    await expectRejection(MalformedError, "note_malformed", signNote(text, [alice]));
  }
  expectError(MalformedError, "utf8_malformed", () => formatNote("\udc00\n", [signature]));
  for (const wrong of [
    { ...signature, name: "a b" },
    { ...signature, signature: new Uint8Array(0) },
  ]) {
    expectError(MalformedError, "note_malformed", () => formatNote("text\n", [wrong]));
  }
  expectError(MalformedError, "utf8_malformed", () => parseNote(Uint8Array.of(0x80)));
});

test("signature lines survive both ways", () => {
  const signature = { name: "example.com/a", keyId: 0xfedcba98, signature: Uint8Array.of(1, 2, 3) };
  const line = formatSignatureLine(signature);
  expect(line).toBe("— example.com/a /ty6mAECAw==");
  expect(parseSignatureLine(line)).toEqual(signature);
  for (const wrong of ["", "— ", "—  ", "— a", "a /ty6mAECAw=="]) {
    expectError(MalformedError, "note_malformed", () => parseSignatureLine(wrong));
  }
});

test("a key for cosignatures is no key for notes", () => {
  expectError(MalformedError, "key_malformed", () => noteVerifier(testWitness("w", 3).key));
});
