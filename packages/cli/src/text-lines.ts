import { MalformedError } from "@stele/proof";

/** A line of a file. */
export interface TextLine {
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

/** Longer than any event: an entry has at most 65,535 bytes, and white space may be left out of it. */
export const LINE_LENGTH_BYTES_MAX = 1 << 20;

/**
 * The lines of a UTF-8 text, without their ends. Empty ones are left out.
 *
 * @param name of the file, for errors
 * @throws MalformedError `line_too_long`, `line_not_utf8`, each with the number of the line
 */
export async function* textLines(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  lengthBytesMax = LINE_LENGTH_BYTES_MAX,
): AsyncGenerator<TextLine, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let number = 0;
  let rest: Uint8Array = new Uint8Array();

  const decode = (line: Uint8Array): TextLine | undefined => {
    number++;
    if (line.length > lengthBytesMax) throw tooLong(name, number, lengthBytesMax);
    try {
      const text = decoder.decode(line).trim();
      return text === "" ? undefined : { text, number };
    } catch (cause) {
      throw new MalformedError("line_not_utf8", `${name}: line ${number} is not UTF-8`, { cause });
    }
  };

  for await (const chunk of bytes) {
    const whole = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let begin = 0;
    for (let end = whole.indexOf(0x0a); end >= 0; end = whole.indexOf(0x0a, begin)) {
      const line = decode(whole.subarray(begin, end));
      if (line) yield line;
      begin = end + 1;
    }
    rest = whole.subarray(begin);
    if (rest.length > lengthBytesMax) throw tooLong(name, number + 1, lengthBytesMax);
  }
  const last = rest.length > 0 ? decode(rest) : undefined;
  if (last) yield last;
}

function tooLong(name: string, number: number, lengthBytesMax: number): MalformedError {
  return new MalformedError(
    "line_too_long",
    `${name}: line ${number} is longer than ${lengthBytesMax} bytes`,
  );
}
