import { BlockList } from "node:net";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatAddress,
  formatAddressRange,
  parseAddress,
  parseAddressRange,
  rangeIncludes,
} from "./address-range.ts";
import { address, prefix } from "./testing/query-arbitraries.ts";

describe("parseAddressRange", () => {
  test.each([
    ["10.1.2.3", "10.1.2.3"],
    ["10.1.2.3/32", "10.1.2.3"],
    ["10.1.2.3/12", "10.0.0.0/12"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["2001:DB8:0::1", "2001:db8::1"],
    ["2001:db8:ffff::/33", "2001:db8:8000::/33"],
    ["::/0", "::/0"],
    ["::ffff:10.1.2.3", "10.1.2.3"],
    ["::ffff:a01:203/104", "10.0.0.0/8"],
  ])("%s is %s", (text, canonical) => {
    const range = parseAddressRange(text);
    expect(range && formatAddressRange(range)).toBe(canonical);
  });

  test.each([
    "",
    "10",
    "10.0.0.256",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "::/129",
    "::ffff:0:0/95",
    "fe80::1%1",
    "1::2::3",
    "/8",
  ])("refuses %j", (text) => expect(parseAddressRange(text)).toBeUndefined());
});

test("rangeIncludes decides as node:net does", () => {
  let included = 0;
  fc.assert(
    fc.property(prefix, address, ([start, bits], candidate) => {
      const range = parseAddressRange(`${start}/${bits}`);
      const parsed = parseAddress(candidate);
      if (range === undefined || parsed === undefined) return;
      const family = parsed.length === 4 ? "ipv4" : "ipv6";
      const list = new BlockList();
      // To Node, IPv4 addresses are in IPv6 ranges as well, as IPv4-mapped.
      if (range.address.length === parsed.length) {
        list.addSubnet(formatAddress(range.address), range.bits, family);
      }
      const expected = list.check(formatAddress(parsed), family);
      included += expected ? 1 : 0;
      expect(rangeIncludes(range, parsed)).toBe(expected);
    }),
    { numRuns: 2000 },
  );
  expect(included).toBeGreaterThan(50);
});
