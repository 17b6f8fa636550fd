import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseQuery } from "./parse-query.ts";
import { entryText, parseEntry } from "./testing/query-arbitraries.ts";
import { matches } from "./query-matcher.ts";

const ENTRY = JSON.stringify({
  v: 1,
  id: "evt_1",
  occurred_at: "2026-01-31T12:00:00.000Z",
  received_at: "2026-01-31T12:00:01.000Z",
  action: "document.updated",
  actor: { type: "user", id: "alice", name: "Alice B" },
  targets: [
    { type: "document", id: "doc_7", name: 'The "Quarterly" Résumé' },
    { type: "folder", id: "a*b" },
  ],
  context: { ip: "10.1.2.3", request_id: "req_1", location: "a\nb" },
  outcome: "failure",
  source: { id: "web", seq: 7 },
  metadata: {
    region: "eu-west-1",
    port: 8080,
    ok: true,
    none: null,
    list: ["x", { "a.b": 1.5 }],
    "arn:x": "y",
  },
});

const isHit = (query: string) =>
  matches(parseQuery(query, { nowMs: Date.parse("2026-02-01T00:00:00Z") }))(parseEntry(ENTRY), ENTRY);

describe("matches", () => {
  test.each(
    [
      [
        "",
        "id:evt_1",
        "id:evt_*",
        "actor:alice",
        "actor:bob,alice",
        "actor_type:user",
        "-actor:bob",
        "-tenant:*",
        "-tenant:acme",
      ],
      [
        "action:document.*",
        "action:*.updated",
        "action:*",
        "-action:document.read",
        "target:doc_7",
        "target:doc_7 target:a*",
        String.raw`target:a\*b`,
      ],
      ["outcome:failure,denied", "source:web", "request_id:req_1", "-session_id:x"],
      ["ip:10.1.2.3", "ip:10.0.0.0/8", "ip:10.1.2.2/31", "-ip:10.1.2.4/31", "-ip:::/0", "ip:::1,10.1.0.0/16"],
      [
        "after:2026-01-31T12:00:00Z",
        "before:2026-01-31T13:00:00.001+01:00",
        "after:-12h",
        "received_after:-86399s",
        "-before:-12h",
      ],
      [
        "metadata.region:eu-*",
        "metadata.port:8080",
        "metadata.port:8.08e3",
        "metadata.ok:true",
        "metadata.port:*",
        "metadata.list:*",
      ],
      [
        "metadata.list.0:x",
        'metadata.list.1."a.b":1.50',
        'metadata."arn:x":y',
        "-metadata.none:*",
        "-metadata.region.0:e",
      ],
      ["quarterly", "QUARTERLY", '"the \\"quarterly\\" RÉSUMÉ"', "alice -bob", '"a\nb"', "a*b"],
    ].flat(),
  )("finds with %s", (query) => expect(isHit(query)).toBe(true));

  test.each(
    [
      [
        "id:evt",
        "actor:Alice",
        "actor:ali",
        "tenant:*",
        "tenant:acme",
        "-actor:bob,alice",
        "actor:alice actor:bob",
        "target:a*b*c",
      ],
      [
        "action:*.read",
        "action:document",
        "outcome:success",
        "source:we",
        "ip:10.1.2.4/31",
        "ip:::/0",
        "-ip:0.0.0.0/0",
      ],
      [
        "after:2026-01-31T12:00:00.001Z",
        "before:2026-01-31T12:00:00Z",
        "before:-12h",
        "received_before:-86399s",
      ],
      [
        "metadata.none:*",
        "metadata.none:null",
        "metadata.port:80*",
        "metadata.list:x",
        "metadata.list.00:x",
        "metadata.toString:*",
      ],
      ["resume", '"a b"', "a\\\\nb", "alice bob", "-alice"],
    ].flat(),
  )("does not find with %s", (query) => expect(isHit(query)).toBe(false));

  test("free text is found as a reader sees it, in capital and small letters", () => {
    fc.assert(
      fc.property(
        entryText,
        fc.constantFrom("ALICE", "é*é", "document.READ", '"', "\\", "😀", "\u001f", "a", "𐐀"),
        (text, needle) => {
          const wanted = matches({ terms: [{ kind: "text", text: needle, negated: false }] });
          const seen = JSON.stringify(needle).slice(1, -1).toLowerCase();
          expect(wanted(parseEntry(text), text)).toBe(text.toLowerCase().includes(seen));
        },
      ),
    );
  });
});
