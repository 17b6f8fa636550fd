import { isIPv4, SocketAddress } from "node:net";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalIp, isDottedDecimal } from "./ip-address.ts";

describe("the one form of an address", () => {
  // The examples of RFC 5952, sections 1 to 5.
  test.each([
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8::1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:DB8:0:0:1::1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:0:0:0:2:1", "2001:db8::2:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:aaaa:bbbb:cccc:dddd:eeee:AAAA", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["::FFFF:c000:201", "::ffff:192.0.2.1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["::192.0.2.1", "::c000:201"],
    ["192.0.2.1", "192.0.2.1"],
  ])("of %s is %s", (text, canonical) => {
    expect(canonicalIp(text)).toBe(canonical);
  });

  test.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4 ",
    ":::",
    "1:2:3:4:5:6:7",
    "fe80::1%eth0",
    "g::",
  ])("%s has none", (text) => {
    expect(canonicalIp(text)).toBeUndefined();
  });

  test("does not depend on how it was written", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const canonical = canonicalIp(text)!;
        expect(canonicalIp(canonical)).toBe(canonical);
        const [before, after] = [text, canonical].map(
          (address) => new SocketAddress({ address, family: "ipv6" }),
        );
        expect(after!.address).toBe(before!.address);
      }),
    );
  });
});

test("dotted decimals are known by their bytes", () => {
  const texts = fc.oneof(fc.ipV4(), fc.stringMatching(/^[0-9]{0,4}(\.[0-9]{0,4}){2,4}$/));
  fc.assert(
    fc.property(texts, (text) => {
      expect(isDottedDecimal(Buffer.from(`"${text}"`), 1, 1 + text.length)).toBe(isIPv4(text));
    }),
  );
});
