import {
  BUNDLE_LENGTH_BYTES_MAX,
  EVIDENCE_LENGTH_BYTES_MAX,
  KEY_STATEMENT_LENGTH_BYTES_MAX,
  KEY_STATEMENTS_MAX,
  leafHash,
  NOTE_LENGTH_BYTES_MAX,
  POLICY_LENGTH_BYTES_MAX,
  verifyCheckpoint,
  VerificationError,
  verifyInclusion,
  type FetchPath,
  type Hash,
  type LogKeys,
  type NoteVerifier,
} from "@stele/proof";
import { NodeAlarms } from "./alarms.ts";
import { Answer } from "./answer.ts";
import {
  parseCountsOverTime,
  parseTopValues,
  type CountField,
  type CountOverTimeOptions,
  type CountsOverTime,
  type TopValues,
  type TopValuesOptions,
} from "./counts.ts";
import { webEnvironment, type Environment } from "./environment.ts";
import type { EventInput } from "./event.ts";
import { formatEvents } from "./event-lines.ts";
import { parseKeyList, type KeyList } from "./key-list.ts";
import { parseLogEntry, type LogEntry } from "./log-entry.ts";
import { parseMetricsHistory, type HistoryRange, type MetricsHistory } from "./metrics-history.ts";
import { parseNodeStatus, type NodeStatus } from "./node-status.ts";
import { parseNodes, type NodesOfStore } from "./nodes.ts";
import { parseLogInfo, type LogInfo } from "./log-info.ts";
import { parseHashes, parseProofClaim, type ProofClaim } from "./proof-claim.ts";
import { entryId, type ProvenEntry } from "./proven-entry.ts";
import { parseAppended, type Appended } from "./receipts.ts";
import type { RefusedError } from "./errors.ts";
import { parseSearchPage, type SearchOptions, type SearchPage } from "./search-page.ts";
import { parseSession, type Session } from "./session.ts";
import { parseSourcePage, type SourceOptions, type SourcePage } from "./sources.ts";
import { followTail, type TailOptions } from "./tail.ts";
import { Transport, type CallOptions } from "./transport.ts";
import { parseLogVerification, type LogVerification } from "./verification.ts";
import { uuidV7 } from "./uuid-v7.ts";

export interface ClientOptions {
  /** URLs of nodes that share one store, in the order of preference. */
  readonly endpoints: readonly string[];
  /** Sent as a bearer token. */
  readonly token?: string;
  /** `main` unless told. */
  readonly log?: string;
  /** For a call with all its retries; 60,000 unless told. */
  readonly timeoutMs?: number;
  /** For one attempt of a call; 15,000 unless told. */
  readonly attemptTimeoutMs?: number;
  /** How often a call is sent at most; 8 unless told. */
  readonly attemptsMax?: number;
  /** Told of each request that a node refuses, before the call throws the error: such as of a token that expired. Must not throw. */
  readonly onRefused?: (error: RefusedError) => void;
  readonly fetch?: Environment["fetch"];
  readonly environment?: Environment;
}

const RECEIPT_LENGTH_BYTES_MAX = 512;
/** 1,000 of the longest entries. */
const PAGE_LENGTH_BYTES_MAX = 80 << 20;
const EVIDENCE_TIMEOUT_MS = 120_000;
const KEYS_LENGTH_BYTES_MAX = 2 * KEY_STATEMENTS_MAX * KEY_STATEMENT_LENGTH_BYTES_MAX;
/** 320 series of 4,320 values. */
const HISTORY_LENGTH_BYTES_MAX = 32 << 20;
const SMALL_ANSWER_LENGTH_BYTES_MAX = 4 << 20;

/**
 * Talks to the nodes of one log. All methods may be called at the same time. Each throws:
 * - RefusedError with the node's `code`, `problems` and `offset`: the request is wrong, trying again is useless;
 * - UnavailableError (`unreachable`, `timed_out`, or the node's own code): every attempt failed, try later;
 * - MalformedError `response_malformed`, `response_too_large`: what answered is no Stele node;
 * - the reason of `options.signal`, if that ended the call.
 */
export class SteleClient {
  readonly log: string;
  /** The alarms of the node. */
  readonly alarms: NodeAlarms;
  readonly #transport: Transport;
  readonly #environment: Environment;

  constructor(options: ClientOptions) {
    const environment = options.environment ?? webEnvironment;
    this.#environment = options.fetch ? { ...environment, fetch: options.fetch } : environment;
    this.log = options.log ?? "main";
    this.#transport = new Transport({
      endpoints: options.endpoints,
      token: options.token,
      timeoutMs: options.timeoutMs ?? 60_000,
      attemptTimeoutMs: options.attemptTimeoutMs ?? 15_000,
      attemptsMax: options.attemptsMax ?? 8,
      environment: this.#environment,
      onRefused: options.onRefused,
    });
    this.alarms = new NodeAlarms(this.#transport);
  }

  /** The endpoint that the next call goes to first. */
  get endpoint(): string {
    return this.#transport.endpoint;
  }

  /**
   * Appends events: all of them or none. When it returns they are durable. Events without an id get a UUIDv7
   * here, so that sending them again after a lost answer adds nothing. An event may also be given as JSON text,
   * which is sent as it is (with an id put in front, if it has none), so that the node judges what was written
   * and not what `JSON.parse` made of it.
   *
   * @throws RefusedError `event_invalid`: `problems` says what is wrong with which; nothing was added
   */
  async append(events: readonly (EventInput | string)[], options: CallOptions = {}): Promise<Appended> {
    const lines = formatEvents(events, () => uuidV7(this.#environment));
    const request = {
      method: "POST",
      path: this.#path("events"),
      accept: "application/json",
      contentType: "application/x-ndjson",
      body: `${lines.join("\n")}\n`,
    } as const;
    const lengthBytesMax = SMALL_ANSWER_LENGTH_BYTES_MAX + events.length * RECEIPT_LENGTH_BYTES_MAX;
    const answer = await this.#transport.json(request, lengthBytesMax, options);
    return parseAppended(new Answer(answer, "answer"), events.length);
  }

  /** The events that a query finds, page after page. `query` is the language of docs/operate; empty for all. */
  async *search(query = "", options: SearchOptions = {}): AsyncGenerator<LogEntry, void, undefined> {
    let cursor = options.cursor;
    do {
      const { offset, ...rest } = options;
      // Behind the first page, the cursor says where to go on.
      const at = cursor === undefined ? offset !== undefined && { offset } : { cursor };
      const page = await this.searchPage(query, { ...rest, ...at });
      yield* page.events;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  /** One page of a search. @throws RefusedError for a bad query: `offset` points at the character */
  async searchPage(query = "", options: SearchOptions = {}): Promise<SearchPage> {
    const path = this.#path("events", {
      q: query || undefined,
      order: options.order,
      limit: options.pageSize,
      cursor: options.cursor,
      offset: options.offset,
      as_of: options.asOf,
      min_index: options.minIndex,
    });
    return parseSearchPage(await this.#get(path, PAGE_LENGTH_BYTES_MAX, options));
  }

  /** Counts the hits of a query over time. @throws RefusedError as {@link searchPage} */
  async countOverTime(query = "", options: CountOverTimeOptions = {}): Promise<CountsOverTime> {
    const path = this.#path("histogram", {
      q: query || undefined,
      buckets: options.buckets,
      interval_ms: options.intervalMs,
      field: options.field,
      from: options.from,
      to: options.to,
      as_of: options.asOf,
    });
    return parseCountsOverTime(await this.#get(path, PAGE_LENGTH_BYTES_MAX, options));
  }

  /** The most frequent values of a field among the hits of a query. @throws RefusedError as {@link searchPage} */
  async topValues(query: string, field: CountField, options: TopValuesOptions = {}): Promise<TopValues> {
    const path = this.#path("top", {
      q: query || undefined,
      field,
      limit: options.limit,
      as_of: options.asOf,
    });
    return parseTopValues(await this.#get(path, SMALL_ANSWER_LENGTH_BYTES_MAX, options));
  }

  /** One entry, by leaf index or by id, with its state (committed, witnessed, sealed), as the node gives it: see {@link prove} for one that need not be believed. */
  async get(
    key: number | string,
    options: CallOptions = {},
  ): Promise<LogEntry & { readonly leafHash: string; readonly state: string }> {
    const answer = await this.#get(this.#entryPath(key), SMALL_ANSWER_LENGTH_BYTES_MAX, options);
    return {
      ...parseLogEntry(answer),
      leafHash: answer.field("leaf_hash").string(),
      state: answer.field("state").string(),
    };
  }

  /**
   * One entry with the proof that it is in the log, verified: the checkpoint's signature, the inclusion of the
   * exact bytes, and that it is the entry that was asked for.
   *
   * @param log its keys, or the verifier of its key. Trusted: they must not come from the same node.
   * @throws VerificationError what `verifyCheckpoint` and `verifyInclusion` throw, `proof_of_other_entry`
   */
  async prove(
    key: number | string,
    log: NoteVerifier | LogKeys,
    options: CallOptions = {},
  ): Promise<ProvenEntry> {
    const { entry, leafIndex, proof, note } = await this.claim(key, options);
    const checkpoint = verifyCheckpoint(note, log);
    const leaf = { leafIndex, leafHash: leafHash(entry) };
    verifyInclusion(proof, leaf, checkpoint);
    const id = entryId(entry);
    if (key !== leaf.leafIndex && key !== id) {
      throw new VerificationError(
        "proof_of_other_entry",
        `The node answered with entry ${leaf.leafIndex} (${id}) when asked for ${key}`,
        { key, leaf, id },
      );
    }
    return { ...leaf, entry, proof, checkpoint, note };
  }

  /**
   * The same, and nothing of it verified: for who verifies it step by step and shows each. {@link prove} is for all others.
   */
  async claim(key: number | string, options: CallOptions = {}): Promise<ProofClaim> {
    const path = `${this.#entryPath(key)}?proof=1`;
    return parseProofClaim(await this.#get(path, SMALL_ANSWER_LENGTH_BYTES_MAX, options));
  }

  /** The hashes that prove that the tree of size `to` extends that of size `from`; unverified: give them to `verifyConsistency`. */
  async consistencyProof(from: number, to: number, options: CallOptions = {}): Promise<Hash[]> {
    const path = this.#path("proof/consistency", { from, to });
    return parseHashes(await this.#get(path, SMALL_ANSWER_LENGTH_BYTES_MAX, options));
  }

  /**
   * What is appended from now on, or from `options.from` on: without end, until `options.signal` or the caller
   * stops it. A broken connection is opened again behind the last event, on the next endpoint if need be; an
   * event is neither left out nor given twice; `options` has functions that are told of connections. The time-out and the number of attempts are for each opening.
   */
  async *tail(query = "", options: TailOptions = {}): AsyncGenerator<LogEntry, void, undefined> {
    // Told to the node, so that nothing is missed if the first connection breaks before it brings anything.
    const from = options.from ?? (await this.info(options)).treeSize;
    const path = this.#path("tail", { q: query || undefined, from });
    yield* followTail(this.#transport, path, this.#environment, options);
  }

  /**
   * An evidence bundle of the entries that a query finds: the bytes of a `.stele-evidence` file, not verified. The node makes
   * it whole before it answers, which can take a minute.
   *
   * @throws RefusedError `evidence_too_large`: narrow the query
   */
  async evidence(query = "", options: CallOptions & { readonly limit?: number } = {}): Promise<Uint8Array> {
    const path = this.#path("evidence", { q: query || undefined, limit: options.limit });
    const request = { method: "GET", path, accept: "application/gzip" } as const;
    return await this.#transport.bytes(request, EVIDENCE_LENGTH_BYTES_MAX, {
      timeoutMs: EVIDENCE_TIMEOUT_MS,
      attemptTimeoutMs: EVIDENCE_TIMEOUT_MS,
      ...options,
    });
  }

  /** The log, as the node tells of it. */
  async info(options: CallOptions = {}): Promise<LogInfo> {
    const path = `/v1/logs/${encodeURIComponent(this.log)}`;
    return parseLogInfo(await this.#get(path, SMALL_ANSWER_LENGTH_BYTES_MAX, options));
  }

  /** The logs of the node. */
  async logs(options: CallOptions = {}): Promise<LogInfo[]> {
    const answer = await this.#get("/v1/logs", SMALL_ANSWER_LENGTH_BYTES_MAX, options);
    return answer.field("logs").items().map(parseLogInfo);
  }

  /** What the entries of the log show of their sources, by id: a page, or one of them. */
  async sources(options: SourceOptions = {}): Promise<SourcePage> {
    return parseSourcePage(new Answer(await this.sourcesAnswer(options), "answer"));
  }

  /** The same as the node says it, for who compares it with what the entries say. */
  async sourcesAnswer(options: SourceOptions = {}): Promise<unknown> {
    const { id, after, limit } = options;
    const path = this.#path("sources", { id, after, limit });
    const request = { method: "GET", path, accept: "application/json" } as const;
    return await this.#transport.json(request, PAGE_LENGTH_BYTES_MAX, options);
  }

  /** What the node is at. With several endpoints, of the one that answers. */
  async status(options: CallOptions = {}): Promise<NodeStatus> {
    return parseNodeStatus(await this.#get("/v1/status", SMALL_ANSWER_LENGTH_BYTES_MAX, options));
  }

  /**
   * Whether the node needs a token, and whose the client's own is.
   *
   * @throws RefusedError `token_unknown`, `token_expired`
   */
  async session(options: CallOptions = {}): Promise<Session> {
    return parseSession(await this.#get("/v1/session", SMALL_ANSWER_LENGTH_BYTES_MAX, options));
  }

  /** What the node was at, over time; of one log, if it is given. With several endpoints, of the one that answers. */
  async history(
    range: HistoryRange = "1h",
    options: CallOptions & { readonly log?: string } = {},
  ): Promise<MetricsHistory> {
    const query = new URLSearchParams({ range, ...(options.log !== undefined && { log: options.log }) });
    const path = `/v1/metrics/history?${query.toString()}`;
    return parseMetricsHistory(await this.#get(path, HISTORY_LENGTH_BYTES_MAX, options));
  }

  /** The nodes of the store, as each last said there. */
  async nodes(options: CallOptions = {}): Promise<NodesOfStore> {
    return parseNodes(await this.#get("/v1/nodes", SMALL_ANSWER_LENGTH_BYTES_MAX, options));
  }

  /**
   * How far the verifier of the node is with the log, and what it found.
   *
   * @throws ConflictError `verification_off`
   */
  async verification(options: CallOptions = {}): Promise<LogVerification> {
    return parseLogVerification(
      await this.#get(this.#path("verification"), SMALL_ANSWER_LENGTH_BYTES_MAX, options),
    );
  }

  /**
   * Has the node verify everything that is stored, now; {@link verification} tells how far it is. Needs the role admin.
   *
   * @returns false if it was at it already @throws ConflictError `verification_off`
   */
  async startVerification(options: CallOptions = {}): Promise<boolean> {
    const request = {
      method: "POST",
      path: this.#path("verification"),
      accept: "application/json",
    } as const;
    const answer = await this.#transport.json(request, SMALL_ANSWER_LENGTH_BYTES_MAX, options);
    return new Answer(answer, "answer").field("started").boolean();
  }

  /** Makes a log, with a tree, a key and an order of its own. The one that exists, if it does. */
  async createLog(name: string, options: CallOptions = {}): Promise<LogInfo> {
    const request = {
      method: "PUT",
      path: `/v1/logs/${encodeURIComponent(name)}`,
      accept: "application/json",
    } as const;
    return parseLogInfo(
      new Answer(await this.#transport.json(request, SMALL_ANSWER_LENGTH_BYTES_MAX, options), "log"),
    );
  }

  /**
   * The tlog-policy that the log is published under, for `parsePolicy`: what the node says that others are asked to cosign. Undefined: nobody
   * is. Not to be trusted more than the node.
   */
  async policy(options: CallOptions = {}): Promise<string | undefined> {
    const answer = await this.#get(this.#path("policy"), POLICY_LENGTH_BYTES_MAX * 2, options);
    return answer.has("policy") ? answer.field("policy").string() : undefined;
  }

  /** The keys of the log, and the statements that declare them; unverified: give them to `followSuccession`. */
  async keys(options: CallOptions = {}): Promise<KeyList> {
    return parseKeyList(await this.#get(this.#path("keys"), KEYS_LENGTH_BYTES_MAX, options));
  }

  /**
   * Makes a new key for the log, if `current` (a vkey) is its newest until now.
   *
   * @throws RefusedError `key_not_current`, `keys_too_many`, `key_source_empty`
   */
  async rotateKey(current: string, options: CallOptions = {}): Promise<KeyList> {
    return await this.#postKey("key/rotate", { current }, options);
  }

  /**
   * Ends the use of a key (a vkey) that was replaced.
   *
   * @throws RefusedError `key_unknown`, `key_in_use`, `key_unproven`
   */
  async retireKey(vkey: string, options: CallOptions = {}): Promise<KeyList> {
    return await this.#postKey("key/retire", { vkey }, options);
  }

  async #postKey(path: string, parameters: Readonly<Record<string, string>>, options: CallOptions) {
    const request = {
      method: "POST",
      path: this.#path(path, parameters),
      accept: "application/json",
    } as const;
    const answer = await this.#transport.json(request, KEYS_LENGTH_BYTES_MAX, options);
    return parseKeyList(new Answer(answer, "keys"));
  }

  /** The checkpoint that the log publishes, not verified: give it to `verifyCheckpoint`. */
  async checkpoint(options: CallOptions = {}): Promise<Uint8Array> {
    return await this.#resource("checkpoint", NOTE_LENGTH_BYTES_MAX, options);
  }

  /** The newest checkpoint that the log signed, whether it is published or not; unverified. */
  async committedHead(options: CallOptions = {}): Promise<Uint8Array> {
    const request = { method: "GET", path: this.#path("checkpoint"), accept: "*/*" } as const;
    return await this.#transport.bytes(request, NOTE_LENGTH_BYTES_MAX, options);
  }

  /** Fetches the resources of C2SP tlog-tiles, for the `TileReader` of `@stele/proof`. */
  tiles(options: CallOptions = {}): FetchPath {
    return (path) => this.#resource(path, BUNDLE_LENGTH_BYTES_MAX, options);
  }

  async #resource(path: string, lengthBytesMax: number, options: CallOptions) {
    const full = `/logs/${encodeURIComponent(this.log)}/${path}`;
    return await this.#transport.bytes({ method: "GET", path: full, accept: "*/*" }, lengthBytesMax, options);
  }

  async #get(path: string, lengthBytesMax: number, options: CallOptions): Promise<Answer> {
    const request = { method: "GET", path, accept: "application/json" } as const;
    return new Answer(await this.#transport.json(request, lengthBytesMax, options), "answer");
  }

  #entryPath(key: number | string): string {
    return this.#path(`events/${encodeURIComponent(key)}`);
  }

  #path(rest: string, parameters: Readonly<Record<string, string | number | undefined>> = {}): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) query.set(name, String(value));
    }
    const path = `/v1/logs/${encodeURIComponent(this.log)}/${rest}`;
    return query.size > 0 ? `${path}?${query.toString()}` : path;
  }
}
