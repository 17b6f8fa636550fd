import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ServerSentEventParser } from "./server-sent-events.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("the parts of the standard that a log's tail uses", () => {
  const parser = new ServerSentEventParser();
  const text =
    ": comment\n\nid: 1\ndata: a\ndata:b\ndata\n\nevent: x\r\nid: 2\r\ndata:  c\r\n\r\nretry: 9\n\ndata: d\r\rdata: e";
  expect(parser.push(bytes(text))).toEqual([
    { type: "message", data: "a\nb\n", id: "1" },
    { type: "x", data: " c", id: "2" },
    { type: "message", data: "d", id: "2" },
  ]);
});

test("wherever the bytes are cut, the events are the same", () => {
  const text =
    '\uFEFFid: 7\r\ndata: {"name":"Zoë 🪨"}\r\n\r\n: ping\n\nid: 8\ndata: x\n\nid: 9\rdata: y\r\rdata: rest';
  const whole = new ServerSentEventParser().push(bytes(text));
  expect(whole.map(({ id }) => id)).toEqual(["7", "8", "9"]);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: bytes(text).length })), (cuts) => {
      const parser = new ServerSentEventParser();
      const ends = [...cuts.toSorted((a, b) => a - b), bytes(text).length];
      let begin = 0;
      const events = ends.flatMap((end) => {
        const chunk = bytes(text).subarray(begin, end);
        begin = end;
        return parser.push(chunk);
      });
      expect(events).toEqual(whole);
    }),
  );
});

test("an event without an end is refused, in one line or in many", () => {
  const megabyte = bytes("x".repeat(1 << 20));
  const tooLong = /longer than/;
  const long = new ServerSentEventParser();
  expect(() => [bytes("data: "), megabyte].map((chunk) => long.push(chunk))).toThrow(tooLong);
  const many = new ServerSentEventParser();
  expect(() => many.push(bytes(`data: ${"x".repeat(1000)}\n`.repeat(2000)))).toThrow(tooLong);
});
