import { styleText } from "node:util";
import type { WriteStream } from "node:tty";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** A stream that people or programs read. */
export interface Output {
  readonly isTTY: boolean;
  /** Of a terminal; undefined if it is none: nothing is cut then. */
  readonly columns: number | undefined;
  /** Resolves when the stream takes more. */
  write(text: string): Promise<void>;
  /** The text in colour, if it is a terminal that wants colours (NO_COLOR, FORCE_COLOR). */
  style(style: Style, text: string): string;
}

export function output(stream: NodeJS.WriteStream | WriteStream): Output {
  const isTTY = stream.isTTY ?? false;
  return {
    isTTY,
    get columns() {
      // A terminal without a size says 0.
      return isTTY ? stream.columns || undefined : undefined;
    },
    write: (text) =>
      new Promise((resolve) => {
        if (stream.write(text)) resolve();
        else stream.once("drain", resolve);
      }),
    style: (style, text) => styleText(style, text, { stream, validateStream: true }),
  };
}
