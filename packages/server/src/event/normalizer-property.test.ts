import { hash, randomFillSync } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MalformedError } from "@stele/proof";
import type { EntryBatch } from "./entry-batch.ts";
import { DEFAULT_EVENT_LIMITS } from "./limits.ts";
import { EventNormalizer } from "./normalizer.ts";
import { checkEntry } from "./testing/entry-checker.ts";
import { eventArbitrary, MADE_ID } from "./testing/event-arbitrary.ts";
import { anyText, normalText, OrderedObject, seededRandom, type OrderedJson } from "./testing/json-text.ts";

const RECEIVED_AT = "2026-03-01T12:00:00.000Z";
const normalizer = new EventNormalizer({
  limits: DEFAULT_EVENT_LIMITS,
  idHashSeed: { k0: 1, k1: 2 },
  fillRandom: randomFillSync,
});

function normalize(body: Uint8Array | string, type: "json" | "ndjson" = "json"): EntryBatch {
  return normalizer.normalize(Buffer.from(body), type, RECEIVED_AT);
}

function entriesOf(batch: EntryBatch): string[] {
  return Array.from(batch.ends, (end, i) =>
    Buffer.from(batch.bytes).toString("utf8", batch.ends[i - 1] ?? 0, end - 1),
  );
}

describe("valid events become the entries that an independent oracle makes", () => {
  const cases = fc.tuple(fc.array(eventArbitrary(RECEIVED_AT), { minLength: 1, maxLength: 4 }), fc.integer());

  test.each(["array", "lines", "single"] as const)("%s", (form) => {
    fc.assert(
      fc.property(cases, ([events, seed]) => {
        const sent = form === "single" ? events.slice(0, 1) : events;
        const random = seededRandom(seed);
        const texts = sent.map((event) => anyText(event.sent, random));
        const batch =
          form === "lines"
            ? normalize(texts.map((text) => `${text}${random() < 0.3 ? "\r\n \n" : "\n"}`).join(""), "ndjson")
            : normalize(form === "array" ? `\n[${texts.join(" ,\n")}]\n` : texts[0]!);
        const entries = entriesOf(batch);
        expect(entries.length).toBe(sent.length);
        for (const [i, entry] of entries.entries()) {
          const id = checkEntry(entry);
          expect(entry).toBe(normalText(sent[i]!.kept).replace(`"${MADE_ID}"`, `"${id}"`));
          const bytes = Buffer.concat([Buffer.of(0), Buffer.from(entry)]);
          expect(Buffer.from(batch.leafHashes.subarray(32 * i, 32 * i + 32)).toString("hex")).toBe(
            hash("sha256", bytes),
          );
          const idStart = batch.idStarts[i]!;
          expect(Buffer.from(batch.bytes.subarray(idStart, idStart + batch.idLengths[i]!)).toString()).toBe(
            id,
          );
        }
      }),
      { numRuns: 200 },
    );
  });
});

const PREFIX = '{"action":"a","actor":{"id":"b"},"metadata":{"x":';

describe("free data is read as JSON.parse reads it", () => {
  test("whatever the text is", () => {
    const tokens = [
      "0",
      "1",
      "9",
      ".",
      "e",
      "E",
      "+",
      "-",
      "[",
      "]",
      "{",
      "}",
      ",",
      ":",
      '"',
      '"a"',
      "\\",
      "\\u00e9",
      "\\ud83d",
      "\\ude00",
      "true",
      "null",
      "fals",
      " ",
      "\t",
      "é",
      "😀",
      "\u007f",
      "/",
    ];
    const texts = fc
      .array(fc.constantFrom(...tokens), { minLength: 1, maxLength: 7 })
      .map((list) => list.join(""));
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = attempt(() => metadataOf(`${PREFIX}${text}}}`));
        const batch = attempt(() => normalize(`${PREFIX}${text}}}`));
        if (batch.value !== undefined) {
          expect(metadataOf(entriesOf(batch.value)[0]!)).toBe(parsed.value);
        } else if (parsed.value !== undefined) {
          expect(batch.code).toBe("event_invalid");
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test("numbers are written as JSON.stringify writes them", () => {
    const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,16})(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?$/);
    fc.assert(
      fc.property(digits, (text) => {
        const value = Number(text);
        const batch = attempt(() => normalize(`${PREFIX}${text}}}`));
        if (Math.abs(value) > Number.MAX_SAFE_INTEGER) expect(batch.code).toBe("event_invalid");
        else expect(entriesOf(batch.value!)[0]).toContain(`"x":${JSON.stringify(value)}}`);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("random changes to valid bodies", () => {
  test("are refused, or give entries that an independent checker accepts", () => {
    const bodies = fc.tuple(
      fc.array(eventArbitrary(RECEIVED_AT), { minLength: 1, maxLength: 3 }),
      fc.integer(),
    );
    let accepted = 0;
    fc.assert(
      fc.property(bodies, fc.integer({ min: 1, max: 4 }), ([events, seed], changes) => {
        const random = seededRandom(seed);
        const type = random() < 0.5 ? "json" : "ndjson";
        const texts = events.map(({ sent }) => anyText(sent, random));
        let body: Buffer = Buffer.from(type === "json" ? `[${texts.join(",")}]` : texts.join("\n"));
        for (let i = 0; i < changes; i++) body = changed(body, random);
        const batch = attempt(() => normalize(body, type));
        if (batch.value === undefined) {
          expect(["event_invalid", "body_malformed", "batch_empty"]).toContain(batch.code);
          return;
        }
        accepted++;
        const entries = entriesOf(batch.value);
        for (const entry of entries) checkEntry(entry);
        // Nothing is accepted that is not JSON in UTF-8.
        const decoded = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
        if (type === "json") JSON.parse(decoded);
        else for (const line of decoded.split("\n")) if (line.trim() !== "") JSON.parse(line);
      }),
      { numRuns: 800 },
    );
    // Some 26 of 800: enough to show that not everything is refused.
    expect(accepted).toBeGreaterThan(3);
  });
});

const INTERESTING = Buffer.from('"\\{}[],:0-.eu\n\r \0\x1f\x7fn').toString("latin1") + "\x80\xc0\xed\xf4\xff";

/** A byte replaced, a piece removed, a piece repeated, or a byte put in. */
function changed(body: Buffer, random: () => number): Buffer {
  const at = Math.floor(random() * body.length);
  const to = Math.min(body.length, at + 1 + Math.floor(random() * 12));
  const byte = Buffer.of(INTERESTING.charCodeAt(Math.floor(random() * INTERESTING.length)));
  const [before, piece, after] = [body.subarray(0, at), body.subarray(at, to), body.subarray(to)];
  const choice = random();
  if (choice < 0.3) return Buffer.concat([before, byte, body.subarray(at + 1)]);
  if (choice < 0.5) return Buffer.concat([before, after]);
  if (choice < 0.7) return Buffer.concat([before, piece, piece, after]);
  return Buffer.concat([before, byte, body.subarray(at)]);
}

/** As JSON.stringify writes it. */
function metadataOf(json: string): string {
  const { metadata }: { metadata?: unknown } = JSON.parse(json);
  return JSON.stringify(metadata);
}

/** The value, or the code of the MalformedError; any other error is thrown on, except that of JSON.parse. */
function attempt<T>(work: () => T): { value?: T; code?: string } {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof MalformedError) return { code: error.code };
    if (error instanceof SyntaxError) return { code: "syntax" };
    throw error;
  }
}

test("the oracle itself: text in any form parses to the same value", () => {
  const value: OrderedJson = new OrderedObject([
    ["b", [1.5, "é\n", null]],
    ["a", new OrderedObject([])],
  ]);
  const text = anyText(value, seededRandom(7));
  expect(JSON.stringify(JSON.parse(text))).toBe(normalText(value));
});
