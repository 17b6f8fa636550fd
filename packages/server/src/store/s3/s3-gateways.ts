import { setTimeout as sleep } from "node:timers/promises";
import { S3Client } from "@aws-sdk/client-s3";
import { SteleError, UnavailableError } from "@stele/proof";
import { CallSlots } from "../call-slots.ts";
import { S3Failure } from "./s3-failure.ts";

export interface S3Options {
  /** Gateways to the same buckets, one as good as the other. AWS itself if there are none. */
  readonly endpoints: readonly URL[];
  /** `AWS_REGION`, or us-east-1, unless told. */
  readonly region?: string;
  /** A profile of the AWS credentials files. The usual chain (environment, files, instance) unless told. */
  readonly profile?: string;
  /** For each call, with all its attempts; longer if it moves much. */
  readonly timeoutMs: number;
}

/** One try at one gateway. */
export interface S3Attempt {
  readonly client: S3Client;
  /** To be handed to the client. */
  readonly abortSignal: AbortSignal;
  /** Gives it more time: so many bytes are to come. */
  readonly extend: (lengthBytes: number) => void;
}

const CONNECT_TIMEOUT_MS = 1_000;
const ATTEMPT_TIMEOUT_MS = 3_000;
/** What a slow way to the store still carries. */
const BYTES_PER_MS = 1_000;
const SOCKETS_MAX = 64;
const WAITING_MAX = 10_000;
const PAUSE_MS = 50;
const PAUSE_MS_MAX = 1_000;
const RETRY_AFTER_MS = 1_000;

/**
 * The gateways to one S3. A call that a gateway does not answer goes on to the next, which is the first to be asked from then
 * on; a call that the store has no time for is made again after a pause; until the call's time is over.
 */
export class S3Gateways {
  readonly #gateways: readonly Gateway[];
  readonly #timeoutMs: number;
  readonly #slots: CallSlots;
  /** Which one answered last. */
  #preferred = 0;

  private constructor(gateways: readonly Gateway[], timeoutMs: number, slots: CallSlots) {
    this.#gateways = gateways;
    this.#timeoutMs = timeoutMs;
    this.#slots = slots;
  }

  static open(options: S3Options): S3Gateways {
    const gateways = options.endpoints.length === 0 ? [gateway(options)] : [];
    for (const endpoint of options.endpoints) gateways.push(gateway(options, endpoint));
    const slots = new CallSlots({
      running: SOCKETS_MAX,
      waiting: WAITING_MAX,
      place: gateways.map(({ name }) => name).join(", "),
    });
    return new S3Gateways(gateways, options.timeoutMs, slots);
  }

  /** Names them for a person. */
  get place(): string {
    return this.#gateways.map(({ name }) => name).join(", ");
  }

  /** Each gateway alone, with less time if told. */
  each(timeoutMs = this.#timeoutMs): S3Gateways[] {
    const limitMs = Math.min(timeoutMs, this.#timeoutMs);
    return this.#gateways.map((one) => new S3Gateways([one], limitMs, this.#slots));
  }

  /**
   * Calls S3 until it gives an answer that tells.
   *
   * @param place what the call is about, for the operator
   * @param lengthBytes how much it moves, as far as known
   * @param attempt is made more than once, also when an earlier one may have had its effect
   * @throws S3Failure `exists`, `absent`, `range`; UnavailableError `store_unavailable`, `store_denied`
   */
  async call<T>(place: string, lengthBytes: number, attempt: (attempt: S3Attempt) => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.#timeoutMs + transferMs(lengthBytes);
    return await this.#slots.run(this.#timeoutMs, () => this.#call(place, lengthBytes, deadline, attempt));
  }

  close(): void {
    for (const { client } of this.#gateways) client.destroy();
  }

  async #call<T>(
    place: string,
    lengthBytes: number,
    deadline: number,
    work: (attempt: S3Attempt) => Promise<T>,
  ): Promise<T> {
    let pauseMs = PAUSE_MS;
    let at = this.#preferred;
    for (let tries = 1; ; tries++) {
      const asked = at;
      const { client, name } = this.#gateways[asked]!;
      const controller = new AbortController();
      const leftMs = deadline - performance.now();
      const limitMs = Math.min(ATTEMPT_TIMEOUT_MS + transferMs(lengthBytes), leftMs);
      const timer = new AttemptTimer(controller, limitMs);
      let failure: S3Failure;
      try {
        const attempt = {
          client,
          abortSignal: controller.signal,
          extend: (more: number) => {
            deadline += transferMs(more);
            timer.extend(transferMs(more));
          },
        };
        const answer = await timer.race(work(attempt));
        this.#preferred = asked;
        return answer;
      } catch (error) {
        // Thrown on purpose, about an answer that was complete.
        if (error instanceof SteleError) throw error;
        failure = S3Failure.of(error);
      } finally {
        timer.stop();
      }
      const { kind, reason } = failure;
      if (kind === "exists" || kind === "absent" || kind === "range") {
        this.#preferred = asked;
        throw failure;
      }
      if (kind === "denied") throw denied(place, name, failure);
      if (kind === "lost" || kind === "busy") at = (asked + 1) % this.#gateways.length;
      // A gateway that is silent says nothing about the next one; all of them do.
      const wait = kind === "lost" && tries % this.#gateways.length !== 0 ? 0 : jittered(pauseMs);
      if (wait > 0) pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX);
      if (performance.now() + wait >= deadline) {
        throw new UnavailableError(
          "store_unavailable",
          `${place} could not be reached or was too busy; last at ${name}: ${reason}`,
          { cause: failure, retryAfterMs: RETRY_AFTER_MS },
        );
      }
      if (wait > 0) await sleep(wait);
    }
  }
}

interface Gateway {
  readonly name: string;
  readonly client: S3Client;
}

function gateway({ region, profile }: S3Options, endpoint?: URL): Gateway {
  const agent = { keepAlive: true, maxSockets: SOCKETS_MAX };
  const client = new S3Client({
    region: region ?? process.env["AWS_REGION"] ?? "us-east-1",
    ...(endpoint && { endpoint: endpoint.href, forcePathStyle: true }),
    ...(profile !== undefined && { profile }),
    // We try again ourselves: at another gateway, and knowing what an attempt may have done.
    retryStrategy: { retry: async (next, args) => await next(args) },
    // Older engines know neither trailers nor these headers; the signature covers the bytes.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    expectContinueHeader: false,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, httpAgent: agent, httpsAgent: agent },
  });
  return { name: endpoint?.origin ?? "AWS", client };
}

/** Ends an attempt that takes too long. */
class AttemptTimer {
  readonly #controller: AbortController;
  readonly #late = Promise.withResolvers<never>();
  #limitMs: number;
  #endsAt: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(controller: AbortController, limitMs: number) {
    this.#controller = controller;
    this.#limitMs = limitMs;
    this.#endsAt = performance.now() + limitMs;
    // Nobody may be racing it any more.
    this.#late.promise.catch(() => undefined);
    this.#arm();
  }

  extend(ms: number): void {
    this.#limitMs += ms;
    this.#endsAt += ms;
    clearTimeout(this.#timer);
    this.#arm();
  }

  /** The credentials chain and other things before the request don't know of the signal. */
  async race<T>(work: Promise<T>): Promise<T> {
    return await Promise.race([work, this.#late.promise]);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    this.#timer = setTimeout(
      // An answer that waits while this process was busy is taken first.
      () => setImmediate(() => this.#expire()),
      Math.max(0, Math.ceil(this.#endsAt - performance.now()) + 1),
    );
  }

  #expire(): void {
    if (this.#stopped || performance.now() < this.#endsAt) return;
    this.#late.reject(new S3Failure("lost", `no answer within ${Math.round(this.#limitMs)} ms`));
    this.#controller.abort();
  }
}

function denied(place: string, asked: string, failure: S3Failure): UnavailableError {
  const message = `${place} is refused for good by ${asked}: ${failure.reason}. Look at the bucket's name and policy, the region, and the credentials`;
  return new UnavailableError("store_denied", message, { cause: failure });
}

function transferMs(lengthBytes: number): number {
  return lengthBytes / BYTES_PER_MS;
}

function jittered(ms: number): number {
  return ms * (0.5 + Math.random());
}
