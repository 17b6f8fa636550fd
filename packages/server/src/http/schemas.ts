import { Type, type Static, type TSchema } from "typebox";
import { AlarmBody } from "./alarm-body.ts";

/** What a log is called. */
export const LOG_NAME_FORM = /^[a-z0-9][a-z0-9-]{0,62}$/;

export const Index = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "A leaf index: the 0-based position in the log",
});

export const Size = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "A tree size: a count of entries",
});

export const Hash = Type.String({ description: "A SHA-256 hash: 32 bytes in base64" });

export const LogParameters = Type.Object({
  log: Type.String({ description: "The name of the log", examples: ["main"] }),
});

export const ErrorBody = Type.Object(
  {
    error: Type.Object({
      code: Type.String({ description: "Stable: for programs" }),
      message: Type.String({ description: "For people: what happened, to what, and what to do" }),
      problems: Type.Optional(
        Type.Array(
          Type.Object({
            position: Type.Integer({ description: "Which event of the body, from 0" }),
            path: Type.String({ description: "Where in the event: a JSON pointer" }),
            reason: Type.String(),
          }),
          { description: "With event_invalid: each thing that is wrong" },
        ),
      ),
      offset: Type.Optional(Type.Integer({ description: "With query_invalid: which character, from 0" })),
      length: Type.Optional(Type.Integer({ description: "With query_invalid: how many characters" })),
      parameter: Type.Optional(
        Type.String({ description: "With query_invalid: which parameter, if it is not q" }),
      ),
    }),
  },
  { $id: "Error" },
);

export type ErrorBody = Static<typeof ErrorBody>;

/** An entry as spec/entry.md has it. Sent as its exact bytes, never checked against this. */
export const Entry = Type.Object(
  {
    v: Type.Literal(1),
    id: Type.String(),
    occurred_at: Type.String({ format: "date-time" }),
    received_at: Type.String({ format: "date-time" }),
    action: Type.String({ examples: ["document.updated"] }),
    actor: Type.Object({ type: Type.String(), id: Type.String() }, { additionalProperties: true }),
    outcome: Type.Enum(["success", "failure", "denied", "unknown"]),
  },
  {
    $id: "Entry",
    additionalProperties: true,
    description: "What the log keeps for an event. The leaf hash is of its exact bytes",
  },
);

/** An event as a producer sends it, for the documentation: `event/` reads and checks the bytes itself. */
export const Event = Type.Object(
  {
    id: Type.Optional(Type.String({ description: "Idempotency key. Made by the node if absent" })),
    occurred_at: Type.Optional(Type.String({ format: "date-time" })),
    action: Type.String({ examples: ["document.updated"] }),
    actor: Type.Object(
      { type: Type.Optional(Type.String()), id: Type.String(), name: Type.Optional(Type.String()) },
      { additionalProperties: true, examples: [{ type: "user", id: "alice" }] },
    ),
    on_behalf_of: Type.Optional(Type.Object({}, { additionalProperties: true })),
    targets: Type.Optional(
      Type.Array(Type.Object({ type: Type.String(), id: Type.String() }, { additionalProperties: true })),
    ),
    context: Type.Optional(Type.Object({}, { additionalProperties: true })),
    outcome: Type.Optional(Type.Enum(["success", "failure", "denied", "unknown"])),
    reason: Type.Optional(Type.String()),
    changes: Type.Optional(
      Type.Array(
        Type.Object({ field: Type.String(), old: Type.Optional(Type.Any()), new: Type.Optional(Type.Any()) }),
      ),
    ),
    tenant: Type.Optional(Type.String()),
    source: Type.Optional(Type.Object({ id: Type.String(), seq: Type.Optional(Type.Integer()) })),
    metadata: Type.Optional(Type.Object({}, { additionalProperties: true })),
  },
  { $id: "Event", additionalProperties: false },
);

export const LogInfo = Type.Object(
  {
    name: Type.String(),
    origin: Type.String({ description: "The log's unique name, first line of its checkpoints" }),
    vkey: Type.String({ description: "The public key as a C2SP verifier key" }),
    tree_size: Size,
    sealed_size: Type.Integer({ minimum: 0, description: "Entries below it are in segments" }),
    witnessed_size: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          "Entries below it are under a checkpoint that a quorum of witnesses cosigned; absent without a policy",
      }),
    ),
    published_at: Type.Optional(
      Type.String({ format: "date-time", description: "When the newest cosigned checkpoint was published" }),
    ),
  },
  { $id: "Log" },
);

export const EventStateName = Type.Enum(["committed", "witnessed", "sealed"], {
  description:
    "How far it got. Each state means that those before it were reached; witnessed only where a policy asks for it",
});

export const IndexedEntry = Type.Object(
  { index: Index, state: EventStateName, entry: reference(Entry) },
  { $id: "IndexedEntry" },
);

/** All schemas that others refer to by name. */
export const NAMED_SCHEMAS: readonly TSchema[] = [ErrorBody, Entry, Event, LogInfo, IndexedEntry, AlarmBody];

/** A reference to one of {@link NAMED_SCHEMAS}. */
export function reference<T extends TSchema & { $id?: string }>(schema: T) {
  return Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` });
}

const ERRORS = {
  "4xx": { description: "The request is refused", ...json(reference(ErrorBody)) },
  "5xx": {
    description: "The node can't do it now (503: try again after Retry-After)",
    ...json(reference(ErrorBody)),
  },
};

/**
 * The `response` of a route's schema. It documents and, where the handler answers with an object, serialises.
 * Untyped, because most handlers answer with bytes.
 */
export function answers(status: number, description: string, content: object = {}): Record<string, unknown> {
  return { [status]: { description, ...content }, ...ERRORS };
}

export function json(schema: TSchema): object {
  return { content: { "application/json": { schema } } };
}

/** An answer of another media type. */
export function bytes(mediaType: string): object {
  return { content: { [mediaType]: { schema: Type.String({ format: "binary" }) } } };
}
