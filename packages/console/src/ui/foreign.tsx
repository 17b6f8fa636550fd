/**
 * Characters that can't be seen, and those that turn the direction of what follows: what Unicode says has no shape (variation
 * selectors, fillers and joiners are letters or marks to it), and the empty pattern of Braille.
 */
const HOSTILE = /([\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800])/u;

/** In longer texts invisible characters are not marked one by one: each would be an element of the page. */
const MARKED_LENGTH_MAX = 400;

interface ForeignProps {
  readonly text: string;
  /** More is cut off: for where there is one line, and many of them. */
  readonly lengthMax?: number;
}

/**
 * Text of strangers, such as everything in an event: each invisible character is shown by its number, and it can't
 * reverse what stands beside it. For text only; attributes take {@link visible}.
 */
export function Foreign({ text: whole, lengthMax = Infinity }: ForeignProps) {
  const text = beginningOf(whole, lengthMax);
  if (!HOSTILE.test(text)) return <bdi>{text}</bdi>;
  if (text.length > MARKED_LENGTH_MAX) return <bdi>{visible(text)}</bdi>;
  const parts = text.split(new RegExp(HOSTILE.source, "gu"));
  return (
    <bdi>
      {parts.map((part, i) =>
        i % 2 === 0 ? (
          part
        ) : (
          // Parts have no other identity than their place.
          <span key={i} className="foreign-hidden">
            {escape(part)}
          </span>
        ),
      )}
    </bdi>
  );
}

/** The same as a string. */
export function visible(text: string): string {
  return text.replaceAll(new RegExp(HOSTILE.source, "gu"), escape);
}

/** How many characters {@link visible} would show by number. */
export function hiddenCount(text: string): number {
  return text.match(new RegExp(HOSTILE.source, "gu"))?.length ?? 0;
}

/** As {@link visible}, of the beginning: a value may be as long as an event. */
export function visibleBeginning(text: string, lengthMax = 1_000): string {
  return visible(beginningOf(text, lengthMax));
}

/** Not through the middle of a character, and with a sign that there is more. */
export function beginningOf(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  return `${text.slice(0, lengthMax).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

function escape(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
