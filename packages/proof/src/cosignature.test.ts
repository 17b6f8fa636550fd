import { expect, test } from "vitest";
import {
  cosignatureMessage,
  cosignatureVerifier,
  formatTimestampedSignature,
  parseTimestampedSignature,
} from "./cosignature.ts";
import { MalformedError, VerificationError } from "./errors.ts";
import { formatNote, parseNote, signNote, verifyNote } from "./note.ts";
import { expectError } from "./testing/expect-error.ts";
import { testSigner, testWitness } from "./testing/test-log.ts";
import { decodeUtf8 } from "./utf8.ts";

const TEXT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
const witness = testWitness("witness.example/w", 2);
const verifier = cosignatureVerifier(witness.key);
const note = await signNote(TEXT, [testSigner("example.com/behind-the-sofa", 1)]);

test("the message in the example of c2sp.org/tlog-cosignature", () => {
  expect(decodeUtf8(cosignatureMessage(TEXT, 1679315147))).toBe(`cosignature/v1\ntime 1679315147\n${TEXT}`);
});

test("a cosignature verifies as a signature of the note", async () => {
  const cosigned = await witness.cosign(note, 1679315147);
  const [signature] = verifyNote(cosigned, [verifier]).verified;
  expect(signature?.signature).toHaveLength(72);
  expect(parseTimestampedSignature(signature!.signature).timestampSeconds).toBe(1679315147);
});

test("the time is signed, and so are extension lines", async () => {
  const cosigned = parseNote(await witness.cosign(note, 1679315147));
  const line = cosigned.signatures.at(-1)!;
  for (let at = 0; at < 72; at++) {
    const changed = { ...line, signature: line.signature.with(at, line.signature[at]! ^ 1) };
    // A time above 2^53-1 can't be compared with anything, and is refused before the signature is looked at.
    const run = () => verifyNote(formatNote(cosigned.text, [changed]), [verifier]);
    if (at === 0 || (at === 1 && changed.signature[1]! > 0x1f)) {
      expectError(MalformedError, "integer_out_of_range", run);
    } else {
      expectError(VerificationError, "note_signature_wrong", run);
    }
  }
  const extended = formatNote(`${cosigned.text}extension\n`, [line]);
  expectError(VerificationError, "note_signature_wrong", () => verifyNote(extended, [verifier]));
});

test("a cosignature of another length is wrong", () => {
  for (const length of [1, 64, 71, 73]) {
    const { name, keyId } = witness.key;
    const bytes = formatNote(TEXT, [{ name, keyId, signature: new Uint8Array(length) }]);
    expectError(VerificationError, "note_signature_wrong", () => verifyNote(bytes, [verifier]));
  }
});

test("timestamped signatures survive both ways", () => {
  const signature = new Uint8Array(64).fill(7);
  for (const timestampSeconds of [0, 1, 1679315147, Number.MAX_SAFE_INTEGER]) {
    const bytes = formatTimestampedSignature({ timestampSeconds, signature });
    expect(bytes).toHaveLength(72);
    expect(parseTimestampedSignature(Buffer.from(bytes))).toEqual({ timestampSeconds, signature });
  }
  const bytes = formatTimestampedSignature({ timestampSeconds: 0x0102, signature });
  expect(bytes.slice(0, 9)).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 2, 7));
});

test("rejects what is not in the form", () => {
  const signature = new Uint8Array(64);
  expectError(MalformedError, "cosignature_malformed", () => parseTimestampedSignature(new Uint8Array(71)));
  expectError(MalformedError, "integer_out_of_range", () =>
    parseTimestampedSignature(new Uint8Array(72).fill(255)),
  );
  expectError(MalformedError, "cosignature_malformed", () =>
    formatTimestampedSignature({ timestampSeconds: 1, signature: signature.slice(1) }),
  );
  for (const timestampSeconds of [-1, 0.5, 2 ** 53]) {
    expectError(MalformedError, "integer_out_of_range", () =>
      formatTimestampedSignature({ timestampSeconds, signature }),
    );
    expectError(MalformedError, "integer_out_of_range", () => cosignatureMessage(TEXT, timestampSeconds));
  }
  expectError(MalformedError, "key_malformed", () => cosignatureVerifier(testSigner("log", 1).key));
});
