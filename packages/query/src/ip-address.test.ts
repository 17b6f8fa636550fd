import { isIP, SocketAddress } from "node:net";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalIp } from "./ip-address.ts";

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

  test("is there for what node:net calls an address, and nothing else", () => {
    let addresses = 0;
    const group = fc.stringMatching(/^[0-9a-fA-F]{1,5}$/);
    const text = fc.oneof(
      fc.ipV6(),
      fc.ipV4(),
      fc.stringMatching(/^[0-9]{0,4}(\.[0-9]{0,4}){2,4}$/),
      fc
        .array(fc.oneof(group, fc.constantFrom("", "0", "1.2.3.4", "::", "1.2.3.04", "g", "%1")), {
          maxLength: 9,
        })
        .map((groups) => groups.join(":")),
      fc.string({ unit: fc.constantFrom("0", "1", "f", ":", "::", ".", "1.2.3.4"), maxLength: 16 }),
    );
    fc.assert(
      fc.property(text, (candidate) => {
        const known = isIP(candidate) !== 0 && !candidate.includes("%");
        addresses += known ? 1 : 0;
        expect(canonicalIp(candidate) !== undefined).toBe(known);
      }),
      { numRuns: 5000 },
    );
    expect(addresses).toBeGreaterThan(500);
  });
});
