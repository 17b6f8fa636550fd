/** Of `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`. */
const LENGTH_MAX = 45;

/**
 * The one way to write an IP address: IPv4 in dotted decimals, IPv6 as RFC 5952 recommends (lower case, no leading
 * zeroes, the longest run of two or more zero groups as `::`, IPv4-mapped as `::ffff:192.0.2.1`).
 *
 * @returns `undefined` if it is no address, or has a zone (`%eth0`: it means nothing on another machine)
 */
export function canonicalIp(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const groups = text.length > LENGTH_MAX ? undefined : ipv6Groups(text);
  if (groups === undefined) return undefined;
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${groups[6]! >> 8}.${groups[6]! & 255}.${groups[7]! >> 8}.${groups[7]! & 255}`;
  }
  const { start, length } = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

/** The eight 16-bit groups of an IPv6 address, undefined if it is none. */
function ipv6Groups(text: string): number[] | undefined {
  const [head = "", tail, more] = text.split("::");
  // The end, and only it, may be an IPv4 address.
  const front = parseGroups(head, tail === undefined);
  const back = parseGroups(tail ?? "", true);
  if (front === undefined || back === undefined || more !== undefined) return undefined;
  const missing = 8 - front.length - back.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  return [...front, ...Array<number>(missing).fill(0), ...back];
}

function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const last = groups.at(-1) ?? "";
  if (isEnd && isIPv4(last)) {
    const [a = 0, b = 0, c = 0, d = 0] = last.split(".").map(Number);
    groups.splice(-1, 1, (a * 256 + b).toString(16), (c * 256 + d).toString(16));
  }
  return groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined;
}

/** A leading zero may mean octal to somebody: with one, it is no address. */
function isIPv4(text: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/.test(text);
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
