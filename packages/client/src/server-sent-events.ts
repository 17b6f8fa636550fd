import { MalformedError } from "@stele/proof";

export interface ServerSentEvent {
  /** `message` unless the server names it. */
  readonly type: string;
  readonly data: string;
  /** The last id that the server gave, with this event or before it. */
  readonly id: string | undefined;
}

/** Far above an entry (65,535 bytes) and what surrounds it. */
const EVENT_LENGTH_MAX = 1 << 20;

/**
 * Takes a byte stream apart into server-sent events (HTML Living Standard, section 9.2.6). Bytes may be cut anywhere.
 * An event that the end of the stream cuts short is dropped, as the standard has it: its id was never told.
 */
export class ServerSentEventParser {
  readonly #decoder = new TextDecoder();
  #text = "";
  #type = "";
  #data: string[] = [];
  #dataLength = 0;
  #id: string | undefined;
  #lastEventId: string | undefined;

  /** Where to resume: the id that came last with a complete event, or with a sign of life between events. */
  get lastEventId(): string | undefined {
    return this.#lastEventId;
  }

  /** The events that `chunk` completes. @throws MalformedError `stream_malformed` if one is longer than 1 MiB */
  push(chunk: Uint8Array): ServerSentEvent[] {
    this.#text += this.#decoder.decode(chunk, { stream: true });
    // A CR at the end may be half of a CRLF.
    const lines = this.#text.split(/\r\n|\n|\r(?!$)/);
    this.#text = lines.pop()!;
    const events: ServerSentEvent[] = [];
    for (const line of lines) {
      if (line !== "") {
        this.#field(line);
        continue;
      }
      this.#lastEventId = this.#id;
      if (this.#data.length > 0) events.push(this.#take());
      else this.#type = "";
    }
    this.#checkLength(this.#text.length + this.#dataLength);
    return events;
  }

  #field(line: string): void {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "data") {
      this.#data.push(value);
      this.#dataLength += value.length;
      this.#checkLength(this.#dataLength);
    } else if (name === "event") {
      this.#type = value;
    } else if (name === "id" && !value.includes("\0")) {
      this.#id = value;
    }
  }

  #take(): ServerSentEvent {
    const event = { type: this.#type || "message", data: this.#data.join("\n"), id: this.#id };
    this.#type = "";
    this.#data = [];
    this.#dataLength = 0;
    return event;
  }

  #checkLength(length: number): void {
    if (length <= EVENT_LENGTH_MAX) return;
    throw new MalformedError("stream_malformed", `An event of the stream is longer than ${EVENT_LENGTH_MAX}`);
  }
}
