import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LOWER_N,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from "./ascii.ts";
import { ENTRY_SCHEMA, type Field, type ObjectSchema } from "./entry-schema.ts";
import { KEY_PENDING } from "./event-cursor.ts";
import { FieldWriter } from "./field-writer.ts";
import { DUPLICATE_KEY } from "./json-transcoder.ts";
import { lowestBit } from "./lowest-bit.ts";
import { MemberOrder, OTHER_RANK } from "./member-order.ts";
import { phrase } from "./phrase.ts";
import { UUID_LENGTH, UuidV7Maker, type FillRandom } from "./uuid-v7.ts";

/** Reads an event and writes its entry, as docs/spec/entry.md says. */
export class EntryWriter extends FieldWriter {
  readonly #ids: UuidV7Maker;
  /** In quotes. */
  #receivedAt = phrase("");
  /** One for each object of a schema that can be open at once. */
  readonly #orders = [new MemberOrder(), new MemberOrder()];
  #open = 0;

  constructor(problemsMax: number, outputBytes: number, fillRandom: FillRandom) {
    super(problemsMax, outputBytes);
    this.#ids = new UuidV7Maker(fillRandom);
  }

  /** `receivedAt` is in the form of an entry. */
  beginBatch(receivedAt: string): void {
    this.#receivedAt = phrase(`"${receivedAt}"`);
    this.#ids.begin(Date.parse(receivedAt));
  }

  override beginEvent(position: number): void {
    super.beginEvent(position);
    this.#open = 0;
  }

  /** Transcodes the event at the cursor. What is written is an entry only if no problem was recorded. */
  event(): void {
    this.#object(this.next(), ENTRY_SCHEMA);
  }

  #object(first: number, schema: ObjectSchema): void {
    if (first !== OPEN_BRACE) {
      this.wrong(first, "must be an object");
      return;
    }
    const level = this.enter();
    const order = this.#orders[this.#open++]!;
    order.begin();
    this.output[this.to++] = OPEN_BRACE;
    this.at++;
    if (this.next() === CLOSE_BRACE) this.at++;
    else this.#members(schema, order, level);

    for (let missing = schema.required & ~order.present; missing !== 0; missing &= missing - 1) {
      this.path[level] = KEY_PENDING;
      this.problem("is required", schema.fields[lowestBit(missing)]!.key);
    }
    this.#addFallbacks(schema, order, OTHER_RANK);
    this.to = order.settle(this.output, this.to);
    if (this.output[this.to - 1] === COMMA) this.to--;
    this.output[this.to++] = CLOSE_BRACE;
    this.#open--;
    this.level = level;
  }

  /** Transcodes the members of an object and its closing brace (which is not written). */
  #members(schema: ObjectSchema, order: MemberOrder, level: number): void {
    const keysBase = this.keysTop;
    let moreKeys: Set<string> | undefined;
    let seen = 0;
    let rank = -1;
    do {
      this.path[level] = KEY_PENDING;
      const start = this.to;
      rank = this.#key(schema, rank, level);
      const field = schema.fields[rank];
      if (field === undefined) {
        if (!schema.open) this.problem("is not a known key (free data goes into metadata)");
        moreKeys = this.noteKey(keysBase, start, moreKeys);
        order.add(OTHER_RANK, start);
        this.output[this.to++] = COLON;
        this.value(this.next(), 0);
      } else {
        const repeated = (seen & (1 << rank)) !== 0;
        seen |= 1 << rank;
        if (repeated) this.problem(DUPLICATE_KEY, field.key);
        const first = this.next();
        if (first === LOWER_N && field.kind !== "free" && this.takeNull()) continue;
        this.#addFallbacks(schema, order, rank);
        if (!repeated) order.add(rank, this.to);
        this.path[level] = this.to;
        this.write(field.head);
        this.#field(first, field);
      }
      this.output[this.to++] = COMMA;
    } while (this.another(CLOSE_BRACE));
    this.keysTop = keysBase;
  }

  /**
   * Reads a key and its colon. @returns its rank, and nothing is written; or {@link OTHER_RANK} for a key that the schema
   * does not name, and then the key is written and is the place of the cursor
   */
  #key({ fields, firstWords, followers }: ObjectSchema, previous: number, level: number): number {
    const { to: start, inputView } = this;
    if (this.next() === QUOTE && this.at + 4 <= inputView.byteLength) {
      const word = inputView.getInt32(this.at, true);
      const likely = followers[previous + 1]!;
      if (firstWords[likely] === word && this.take(fields[likely]!.head)) return likely;
      for (let rank = 0; rank < firstWords.length; rank++) {
        if (firstWords[rank] !== word || !this.take(fields[rank]!.head)) continue;
        followers[previous + 1] = rank;
        return rank;
      }
    }
    this.key(level);
    this.colon();
    // A known key may have been written with escapes, or with a space before the colon.
    const rank = fields.findIndex((field) => this.#isKey(start, field.key));
    if (rank === -1) return OTHER_RANK;
    this.to = start;
    this.path[level] = KEY_PENDING;
    return rank;
  }

  /** Whether `key`, which is ASCII, is what was written from `start` on. */
  #isKey(start: number, key: string): boolean {
    if (this.to - start !== key.length + 2) return false;
    for (let i = 0; i < key.length; i++) if (this.output[start + 1 + i] !== key.charCodeAt(i)) return false;
    return true;
  }

  /** Adds what the producer left out of the ranks below `rank`. */
  #addFallbacks(schema: ObjectSchema, order: MemberOrder, rank: number): void {
    const below = (1 << rank) - 1;
    for (let missing = schema.defaulted & ~order.present & below; missing !== 0; missing &= missing - 1) {
      const added = lowestBit(missing);
      const field = schema.fields[added]!;
      order.add(added, this.to);
      this.write(field.head);
      if (field.kind === "id") this.#newId();
      else this.write(field.fallback.lengthBytes === 0 ? this.#receivedAt : field.fallback);
      this.output[this.to++] = COMMA;
    }
  }

  #newId(): void {
    this.idLength = UUID_LENGTH;
    this.output[this.to] = QUOTE;
    this.#ids.write(this.output, this.to + 1);
    this.to += UUID_LENGTH + 2;
    this.output[this.to - 1] = QUOTE;
  }

  /** Transcodes the value of a known key. */
  #field(first: number, field: Field): void {
    switch (field.kind) {
      case "text":
        this.textValue(first, field.min, field.max);
        break;
      case "object":
        this.#object(first, field.schema);
        break;
      case "list":
        this.#list(first, field.schema, field.max);
        break;
      case "id":
        this.idValue(first);
        break;
      case "timestamp":
        this.timestampValue(first);
        break;
      case "action":
        this.actionValue(first);
        break;
      case "outcome":
        this.outcomeValue(first);
        break;
      case "ip":
        this.ipValue(first);
        break;
      case "free-object":
        if (first === OPEN_BRACE) this.value(first, 0);
        else this.wrong(first, "must be an object");
        break;
      case "free-object-or-string":
        if (first === OPEN_BRACE || first === QUOTE) this.value(first, 0);
        else this.wrong(first, "must be a string or an object");
        break;
      case "free":
        this.value(first, 0);
        break;
      case "sequence":
        this.sequenceValue(first);
        break;
      case "version":
        this.versionValue(first);
        break;
      case "refused":
        this.wrong(first, "is written by the server and can't be sent");
        break;
    }
  }

  #list(first: number, schema: ObjectSchema, itemsMax: number): void {
    if (first !== OPEN_BRACKET) {
      this.wrong(first, "must be an array");
      return;
    }
    const level = this.enter();
    this.output[this.to++] = OPEN_BRACKET;
    this.at++;
    if (this.next() === CLOSE_BRACKET) {
      this.at++;
    } else {
      let index = 0;
      do {
        if (index === itemsMax) this.#tooMany(itemsMax);
        this.path[level] = ~index++;
        this.#object(this.next(), schema);
        this.output[this.to++] = COMMA;
        if (this.to > this.limit) this.abandonTooLong();
      } while (this.another(CLOSE_BRACKET));
      this.to--;
    }
    this.output[this.to++] = CLOSE_BRACKET;
    this.level = level;
  }

  #tooMany(itemsMax: number): never {
    this.level--;
    this.abandon(`has more than ${itemsMax} items`);
  }
}
