import { canonicalIp } from "./ip-address.ts";

/** How an IPv4-mapped IPv6 address begins in an entry. */
export const MAPPED = "::ffff:";

/**
 * The addresses whose first `bits` bits are those of `address`. IPv4 has 4 bytes, IPv6 16; the bits behind `bits` are 0.
 * An IPv4-mapped IPv6 address (`::ffff:10.0.0.1`) is the IPv4 address.
 */
export interface AddressRange {
  readonly address: readonly number[];
  readonly bits: number;
}

/** The bytes of an address in any usual notation, or undefined if it is none. */
export function parseAddress(text: string): readonly number[] | undefined {
  const canonical = canonicalIp(text);
  if (canonical === undefined) return undefined;
  if (canonical.includes(".")) return canonical.replace(MAPPED, "").split(".").map(Number);
  const [left = [], right = []] = canonical.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const zeros = Array<string>(8 - left.length - right.length).fill("0");
  return [...left, ...zeros, ...right].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [Math.floor(value / 256), value % 256];
  });
}

/** IPv4 in dotted form, IPv6 as RFC 5952 writes it. */
export function formatAddress(address: readonly number[]): string {
  const text = address.length === 4 ? address.join(".") : hexGroups(address).join(":");
  return canonicalIp(text) ?? text;
}

/** The eight groups of an IPv6 address, four hexadecimal digits each. */
export function hexGroups(address: readonly number[]): string[] {
  const hex = address.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.match(/..../g) ?? [];
}

/**
 * Reads `10.1.2.3`, `10.0.0.0/8`, `2001:db8::/32`. Bits behind the prefix are set to 0. Returns undefined if the text is
 * neither an address nor a range.
 */
export function parseAddressRange(text: string): AddressRange | undefined {
  const parts = /^([^/]+)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text);
  const address = parts?.[1] === undefined ? undefined : parseAddress(parts[1]);
  if (address === undefined) return undefined;
  const written = text.includes(":") ? 128 : 32;
  const ofWritten = parts?.[2] === undefined ? written : Number(parts[2]);
  // `::ffff:10.0.0.0/104` is 10.0.0.0/8.
  const bits = ofWritten - (written - address.length * 8);
  if (bits < 0 || ofWritten > written) return undefined;
  return { address: firstAddress(address, bits), bits };
}

/** As {@link parseAddressRange} reads it back; the length of the prefix is left out for a single address. */
export function formatAddressRange({ address, bits }: AddressRange): string {
  return bits === address.length * 8 ? formatAddress(address) : `${formatAddress(address)}/${bits}`;
}

export function rangeIncludes(range: AddressRange, address: readonly number[]): boolean {
  return (
    address.length === range.address.length &&
    firstAddress(address, range.bits).every((byte, i) => byte === range.address[i])
  );
}

/** The bytes with every bit behind the first `bits` set to 0. */
export function firstAddress(address: readonly number[], bits: number): readonly number[] {
  return address.map((byte, i) => byte - (byte % hostSize(bits, i)));
}

/** The bytes with every bit behind the first `bits` set to 1. */
export function lastAddress({ address, bits }: AddressRange): readonly number[] {
  return address.map((byte, i) => byte + hostSize(bits, i) - 1);
}

/** How many values byte `index` takes within one range of that prefix length: 1 to 256. */
function hostSize(bits: number, index: number): number {
  return 2 ** (8 - Math.max(0, Math.min(8, bits - 8 * index)));
}
