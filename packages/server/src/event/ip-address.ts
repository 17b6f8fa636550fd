import { isIPv4, isIPv6 } from "node:net";
import { DOT, ZERO } from "./ascii.ts";

/**
 * The one way to write an IP address: IPv4 in dotted decimals, IPv6 as RFC 5952 recommends (lower case, no leading
 * zeroes, the longest run of two or more zero groups as `::`, IPv4-mapped as `::ffff:192.0.2.1`).
 *
 * @returns `undefined` if it is no address, or has a zone (`%eth0`: it means nothing on another machine)
 */
export function canonicalIp(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const groups = ipv6Groups(text);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${groups[6]! >> 8}.${groups[6]! & 255}.${groups[7]! >> 8}.${groups[7]! & 255}`;
  }
  const { start, length } = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

/** Whether `bytes[start, end)` is an IPv4 address, without making a string of it. */
export function isDottedDecimal(bytes: Uint8Array, start: number, end: number): boolean {
  let dots = 0;
  let digits = 0;
  let part = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (bytes[at] === DOT) {
      if (digits === 0) return false;
      dots++;
      digits = part = 0;
    } else {
      // A leading zero may mean octal to somebody.
      if (digit < 0 || digit > 9 || (digits > 0 && part === 0)) return false;
      digits++;
      part = part * 10 + digit;
      if (part > 255) return false;
    }
  }
  return dots === 3 && digits > 0;
}

/** The eight 16-bit groups of a valid IPv6 address. */
function ipv6Groups(text: string): number[] {
  const [head = "", tail] = text.split("::");
  const front = parseGroups(head);
  if (tail === undefined) return front;
  const back = parseGroups(tail);
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}

function parseGroups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

/** The first of the longest runs of zeroes. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  for (let start = 0, at = 0; at <= groups.length; at++) {
    if (groups[at] === 0) continue;
    if (at - start > longest.length) longest = { start, length: at - start };
    start = at + 1;
  }
  return longest;
}
