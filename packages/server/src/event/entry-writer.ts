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
import { ENTRY_SCHEMA, type FieldRule, type ObjectSchema } from "./entry-schema.ts";
import { KEY_PENDING } from "./event-cursor.ts";
import { FieldWriter } from "./field-writer.ts";
import { DUPLICATE_KEY } from "./json-transcoder.ts";
import { MemberOrder, OTHER_RANK } from "./member-order.ts";
import { UUID_LENGTH, UuidV7Maker, type FillRandom } from "./uuid-v7.ts";

/** Reads an event and writes its entry, as docs/spec/entry.md says. */
export class EntryWriter extends FieldWriter {
  readonly #ids: UuidV7Maker;
  /** In quotes. */
  #receivedAt: Uint8Array = new Uint8Array(0);
  /** One for each object of a schema that can be open at once. */
  readonly #orders = [new MemberOrder(), new MemberOrder()];
  #open = 0;

  constructor(problemsMax: number, outputBytes: number, fillRandom: FillRandom) {
    super(problemsMax, outputBytes);
    this.#ids = new UuidV7Maker(fillRandom);
  }

  /** `receivedAt` is in the form of an entry. */
  beginBatch(receivedAt: string): void {
    this.#receivedAt = Buffer.from(`"${receivedAt}"`);
    this.#ids.begin(Date.parse(receivedAt));
  }

  override beginEvent(position: number): void {
    super.beginEvent(position);
    this.#open = 0;
  }

  /** Transcodes the event at the cursor. What is written is an entry only if no problem was recorded. */
  event(): void {
    if (this.next() === OPEN_BRACE) this.#object(ENTRY_SCHEMA);
    else this.wrong("must be an object");
  }

  #object(schema: ObjectSchema): void {
    if (this.next() !== OPEN_BRACE) {
      this.wrong("must be an object");
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
    do {
      this.path[level] = KEY_PENDING;
      const start = this.to;
      const rank = this.#key(schema, order.nextRank, level);
      const field = schema.fields[rank];
      if (field === undefined) {
        if (!schema.open) this.problem("is not a known key (free data goes into metadata)");
        moreKeys = this.noteKey(keysBase, start, moreKeys);
        order.add(OTHER_RANK, start);
        this.output[this.to++] = COLON;
        this.colon();
        this.value(0);
      } else {
        if ((seen & (1 << rank)) !== 0) this.problem(DUPLICATE_KEY, field.key);
        seen |= 1 << rank;
        if (this.colon() === LOWER_N && field.rule.kind !== "free") {
          this.skipNull();
          continue;
        }
        this.#addFallbacks(schema, order, rank);
        if (order.has(rank)) order.drop(rank);
        order.add(rank, this.to);
        this.path[level] = this.to;
        this.copy(field.head);
        this.#field(field.rule);
      }
      this.output[this.to++] = COMMA;
    } while (this.another(CLOSE_BRACE));
    this.keysTop = keysBase;
  }

  /**
   * Reads a key. @returns its rank, and nothing is written; or {@link OTHER_RANK} for a key that the schema does not name,
   * and the key is written and the place of the cursor
   */
  #key({ fields }: ObjectSchema, expected: number, level: number): number {
    const { input } = this;
    if (this.next() === QUOTE) {
      // Byte for byte first, beginning with the key that comes next in an entry.
      for (let i = 0, rank = expected; i < fields.length; i++, rank++) {
        if (rank >= fields.length) rank = 0;
        const { head } = fields[rank]!;
        const { at } = this;
        let length = 1;
        while (length < head.length - 1 && input[at + length] === head[length]) length++;
        if (length === head.length - 1) {
          this.at += length;
          return rank;
        }
      }
    }
    const { at, to: start } = this;
    this.key(level);
    // A known key may have been written with escapes, which are longer than what they stand for.
    if (this.at - at === this.to - start) return OTHER_RANK;
    const text = this.text(start + 1, this.to - 1);
    const rank = fields.findIndex((field) => field.key === text);
    if (rank === -1) return OTHER_RANK;
    this.to = start;
    this.path[level] = KEY_PENDING;
    return rank;
  }

  /** Adds what the producer left out of the ranks below `rank`. */
  #addFallbacks(schema: ObjectSchema, order: MemberOrder, rank: number): void {
    const below = (1 << rank) - 1;
    for (let missing = schema.defaulted & ~order.present & below; missing !== 0; missing &= missing - 1) {
      const added = lowestBit(missing);
      const field = schema.fields[added]!;
      order.add(added, this.to);
      this.copy(field.head);
      if (field.rule.kind === "id") this.#newId();
      else this.copy(field.fallback.length === 0 ? this.#receivedAt : field.fallback);
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
  #field(rule: FieldRule): void {
    const first = this.next();
    switch (rule.kind) {
      case "text":
        this.textValue(rule.charactersMin, rule.charactersMax);
        break;
      case "object":
        this.#object(rule.schema);
        break;
      case "list":
        this.#list(rule.schema, rule.itemsMax);
        break;
      case "id":
        this.idValue();
        break;
      case "timestamp":
        this.timestampValue();
        break;
      case "action":
        this.actionValue();
        break;
      case "outcome":
        this.outcomeValue();
        break;
      case "ip":
        this.ipValue();
        break;
      case "free-object":
        if (first === OPEN_BRACE) this.value(0);
        else this.wrong("must be an object");
        break;
      case "free-object-or-string":
        if (first === OPEN_BRACE || first === QUOTE) this.value(0);
        else this.wrong("must be a string or an object");
        break;
      case "free":
        this.value(0);
        break;
      case "sequence":
        this.sequenceValue();
        break;
      case "version":
        this.versionValue();
        break;
      case "refused":
        this.wrong("is written by the server and can't be sent");
        break;
    }
  }

  #list(schema: ObjectSchema, itemsMax: number): void {
    if (this.next() !== OPEN_BRACKET) {
      this.wrong("must be an array");
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
        this.#object(schema);
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

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
