import { UnavailableError } from "@stele/proof";
import type { TokenRecord } from "../access/tokens.ts";

/** The tails that a node serves at this time: not too many, and of each client a share only. */
export class OpenTails {
  readonly #tailsMax: number;
  readonly #perClientMax: number;
  readonly #tails = new Set<AbortController>();
  /** Never more clients than tails. */
  readonly #ofClient = new Map<string, number>();

  /**
   * @param tailsMax of all clients together
   * @param perClientMax of one, so that it can't take them all from the others
   */
  constructor(tailsMax: number, perClientMax: number) {
    this.#tailsMax = tailsMax;
    this.#perClientMax = perClientMax;
  }

  /**
   * One more. Its place is free once `close` was called, which ends it.
   *
   * @param client see {@link clientOf}
   * @throws UnavailableError `client_tails_too_many`, `tails_too_many`
   */
  open(client: string): { readonly signal: AbortSignal; readonly close: () => void } {
    const open = this.#ofClient.get(client) ?? 0;
    if (open >= this.#perClientMax) {
      throw new UnavailableError(
        "client_tails_too_many",
        `This client (one token; without tokens, one address) follows this node's logs ${open} times; ${this.#perClientMax} is the limit. End one of them first`,
      );
    }
    if (this.#tails.size >= this.#tailsMax) {
      throw new UnavailableError(
        "tails_too_many",
        `${this.#tails.size} clients follow this node's logs. Try again later`,
      );
    }
    const tail = new AbortController();
    this.#tails.add(tail);
    this.#ofClient.set(client, open + 1);
    return { signal: tail.signal, close: () => this.#close(tail, client) };
  }

  /** Ends each of them. */
  abortAll(): void {
    for (const tail of this.#tails) tail.abort();
  }

  #close(tail: AbortController, client: string): void {
    tail.abort();
    if (!this.#tails.delete(tail)) return;
    const left = this.#ofClient.get(client)! - 1;
    if (left > 0) this.#ofClient.set(client, left);
    else this.#ofClient.delete(client);
  }
}

/** Whose tail it is: of a token, or, where the node needs none, of an address. */
export function clientOf(token: TokenRecord | undefined, address: string | undefined): string {
  return token ? `token ${token.sha256}` : `address ${address ?? ""}`;
}
