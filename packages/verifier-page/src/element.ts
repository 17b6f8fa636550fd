/** What an element is made of. Text stays text: nothing here is ever parsed as HTML. */
export type Content = Node | string | readonly Content[];

/** Makes an element. `attributes` are written in this source only, never taken from a file. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...content: readonly Content[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  append(made, content);
  return made;
}

function append(parent: Element, content: readonly Content[]): void {
  for (const part of content) {
    if (typeof part === "string" || part instanceof Node) parent.append(part);
    else append(parent, part);
  }
}

/** Invisible characters, and those that turn the direction of what follows. */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** Text of strangers: each invisible character is shown by its number, and it can't reverse what stands beside it. */
export function foreign(text: string): HTMLElement {
  return element("bdi", {}, visible(text));
}

function visible(text: string): string {
  return text.replaceAll(HOSTILE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** A count for people: `1,234,567`. Asking the platform for it takes as long as a thousand hashes, the first time. */
export function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}
