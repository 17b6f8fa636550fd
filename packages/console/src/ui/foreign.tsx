/** Invisible characters, and those that turn the direction of what follows. */
const HOSTILE = /([\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}])/u;

/**
 * Text of strangers, such as everything in an event: each invisible character is shown by its number, and it can't
 * reverse what stands beside it. For text only; attributes take {@link visible}.
 */
export function Foreign({ text }: { readonly text: string }) {
  if (!HOSTILE.test(text)) return <bdi>{text}</bdi>;
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

function escape(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
