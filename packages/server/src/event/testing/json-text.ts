/** JSON whose objects keep the order of their members, and may have any keys: what JavaScript's objects can't. */
export type OrderedJson = null | boolean | number | string | OrderedJson[] | OrderedObject;

export class OrderedObject {
  readonly members: readonly (readonly [key: string, value: OrderedJson])[];
  constructor(members: readonly (readonly [string, OrderedJson])[]) {
    this.members = members;
  }
}

/** The normal form: the independent, slow oracle of the transcoder. */
export function normalText(value: OrderedJson): string {
  if (Array.isArray(value)) return `[${value.map(normalText).join(",")}]`;
  if (!(value instanceof OrderedObject)) return JSON.stringify(value);
  return `{${value.members.map(([key, member]) => `${JSON.stringify(key)}:${normalText(member)}`).join(",")}}`;
}

/** One of the many texts that mean `value`: other white space, escapes and forms of numbers. `random` is in [0, 1). */
export function anyText(value: OrderedJson, random: () => number): string {
  const space = () => (random() < 0.8 ? "" : pick([" ", "\t", "\r", "  "], random));
  const list = (parts: string[]) => parts.map((part) => space() + part + space()).join(",");
  if (typeof value === "string") return anyString(value, random);
  if (typeof value === "number") return anyNumber(value, random);
  if (Array.isArray(value)) return `[${list(value.map((item) => anyText(item, random))) || space()}]`;
  if (!(value instanceof OrderedObject)) return JSON.stringify(value);
  const members = value.members.map(
    ([key, member]) => `${anyString(key, random)}${space()}:${space()}${anyText(member, random)}`,
  );
  return `{${list(members) || space()}}`;
}

const SHORT_ESCAPES = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["/", "\\/"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

function anyString(text: string, random: () => number): string {
  let written = "";
  for (const character of text) {
    const short = SHORT_ESCAPES.get(character);
    const mayBeRaw = character >= " " && character !== '"' && character !== "\\";
    const choice = random();
    if (mayBeRaw && choice < 0.9) written += character;
    else if (short !== undefined && choice < 0.95) written += short;
    else written += escapedUnits(character, random);
  }
  return `"${written}"`;
}

function escapedUnits(character: string, random: () => number): string {
  return Array.from({ length: character.length }, (_, i) => {
    const hex = character.charCodeAt(i).toString(16).padStart(4, "0");
    return `\\u${random() < 0.5 ? hex : hex.toUpperCase()}`;
  }).join("");
}

function anyNumber(value: number, random: () => number): string {
  const plain = Object.is(value, -0) ? "-0" : String(value);
  const forms = [plain, plain, plain, value.toExponential(), value.toExponential().replace("e", "E")];
  if (/^-?\d+$/.test(plain)) forms.push(`${plain}.0`, `${plain}.000e0`);
  return pick(forms, random);
}

function pick<T>(choices: readonly T[], random: () => number): T {
  return choices[Math.floor(random() * choices.length)]!;
}

/** Repeatable numbers in [0, 1): mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
