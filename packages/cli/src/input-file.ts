import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { MalformedError } from "@stele/proof";

/** A file that is read from its beginning to its end, or the standard input (`-`). */
export class InputFile {
  /** For people. */
  readonly name: string;
  /** Undefined if it can't be told, as of a pipe. */
  readonly lengthBytes: number | undefined;
  #readBytes = 0;

  private constructor(name: string, lengthBytes: number | undefined) {
    this.name = name;
    this.lengthBytes = lengthBytes;
  }

  /** @throws the system's error if there is no such file */
  static async of(path: string): Promise<InputFile> {
    if (path === "-") return new InputFile("standard input", undefined);
    const { size } = await stat(path);
    return new InputFile(path, size);
  }

  /** How much of it was read, as it is in the file. */
  get readBytes(): number {
    return this.#readBytes;
  }

  /** The bytes, unpacked if they are gzip. @throws MalformedError `gzip_broken`, and the system's errors */
  async *bytes(): AsyncGenerator<Buffer, void, undefined> {
    const raw = this.#raw();
    const first = await raw.next();
    if (first.done) return;
    if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
      yield first.value;
      yield* raw;
      return;
    }
    // Each part of a file of several gzip members is unpacked; what is behind the last is an error.
    const unpacked = pipeline(prepend(first.value, raw), createGunzip(), () => undefined);
    try {
      yield* unpacked as AsyncIterable<Buffer>;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new MalformedError("gzip_broken", `${this.name} is broken as gzip: ${reason}`, { cause });
    }
  }

  async *#raw(): AsyncGenerator<Buffer, void, undefined> {
    const stream: Readable =
      this.lengthBytes === undefined
        ? process.stdin
        : createReadStream(this.name, { highWaterMark: 1 << 18 });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      this.#readBytes += chunk.length;
      yield chunk;
    }
  }
}

async function* prepend(first: Buffer, rest: AsyncIterable<Buffer>) {
  yield first;
  yield* rest;
}
