import { SteleError } from "@stele/proof";
import { Machine, SimProcess } from "./sim-process.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

const TIMEOUT_MS = 8_000;

/** What a client sends at once. */
interface Batch {
  readonly ids: readonly string[];
  readonly body: Buffer;
}

export interface Sending {
  /** Between two batches (milliseconds). */
  readonly pauseMs: () => number;
  readonly batchEvents: () => number;
  /** How likely a batch is sent to a second node at once, or an answer is lost on its way. */
  readonly twice: number;
  readonly answerLost: number;
}

/** A producer: it sends each batch again, to any node, until it is told that it is durable. */
export class SimClient {
  readonly #world: World;
  readonly #name: string;
  readonly #clock: SimProcess["clock"];
  #sent = 0;
  #stopped = false;
  #pending = 0;

  constructor(name: string, world: World) {
    this.#name = name;
    this.#world = world;
    this.#clock = new SimProcess(name, new Machine(), world.scheduler).clock;
  }

  /** Batches that are not acknowledged. */
  get pending(): number {
    return this.#pending;
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(sending: Sending): Promise<void> {
    while (!this.#stopped) {
      await this.#clock.sleep(sending.pauseMs());
      if (this.#stopped) return;
      await this.deliver(this.batch(sending.batchEvents()), sending);
    }
  }

  batch(events: number): Batch {
    const ids = Array.from({ length: events }, () => `${this.#name}-${this.#sent++}`);
    const lines = ids.map((id) => `{"id":"${id}","action":"sim.sent","actor":{"id":"${this.#name}"}}\n`);
    return { ids, body: Buffer.from(lines.join("")) };
  }

  async deliver(batch: Batch, { twice, answerLost }: Pick<Sending, "twice" | "answerLost">): Promise<void> {
    const { prng, nodes, scheduler } = this.#world;
    this.#pending++;
    for (let isDone = false; !isDone;) {
      const targets = [prng.pick(nodes), ...(prng.chance(twice) ? [prng.pick(nodes)] : [])];
      const attempts = targets.map((node) => this.#attempt(node, batch));
      const answers = await Promise.all(attempts);
      isDone = answers.includes(true) && !prng.chance(answerLost);
      if (!isDone) await this.#clock.sleep(prng.between(50, 1_000));
    }
    this.#pending--;
    scheduler.note(`${this.#name} has ${batch.ids[0]}…${batch.ids.length} acknowledged`);
  }

  /** One try at one node. Resolves whether it was acknowledged; a node that dies never answers. */
  async #attempt(node: World["nodes"][number], { ids, body }: Batch): Promise<boolean> {
    const { scheduler, prng } = this.#world;
    const process = node.process;
    const isDead = (): boolean => process === undefined || process.state === "dead";
    if (process === undefined || process.state === "dead") return false;
    const timeout = new AbortController();
    const answer = new Promise<boolean>((resolve) => {
      process.deliver(() => {
        node.append(body, ids).then(
          () => scheduler.after(prng.between(0.1, 3), "", () => resolve(!isDead())),
          (error: unknown) => {
            this.#expect(error);
            scheduler.after(prng.between(0.1, 3), "", () => resolve(false));
          },
        );
      });
    });
    const late = this.#clock.sleep(TIMEOUT_MS, timeout.signal).then(() => false);
    const isAcknowledged = await Promise.race([answer, late]);
    timeout.abort();
    return isAcknowledged;
  }

  #expect(error: unknown): void {
    if (error instanceof SteleError) {
      this.#world.scheduler.note(`${this.#name} is refused: ${error.code}`);
      return;
    }
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#world.scheduler.fail(new Violation("refusals_are_typed", why, { cause: error }));
  }
}
