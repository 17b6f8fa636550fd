/** What the HTTP side of a node may use. */
export interface HttpLimits {
  /** Of one request, as sent (compressed or not). More: `body_too_large`. */
  readonly bodyBytesMax: number;
  /** Of all requests together, until they are acknowledged. More: `overloaded`. */
  readonly bodyBytesInFlightMax: number;
  /** Connections at one time; further ones are closed at once. */
  readonly connectionsMax: number;
  /** Tails at one time. More: `tails_too_many`. */
  readonly tailsMax: number;
  /** Of these, of one token; where the node needs none, of one address. More: `client_tails_too_many`. */
  readonly tailsPerClientMax: number;
  /** Between two signs of life of a tail that has nothing to send. */
  readonly tailHeartbeatMs: number;
  /** How long `min_index` waits for the index. */
  readonly indexWaitMsMax: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number;
  /**
   * A connection on which no byte moves for so long is closed: a client that does not read, for one. Longer than
   * `requestTimeoutMs`, which has an answer for who does not write.
   */
  readonly idleTimeoutMs: number;
  /** How long requests in flight may take to finish when the server closes. */
  readonly closeGraceMs: number;
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  bodyBytesMax: 16 * 1024 * 1024,
  bodyBytesInFlightMax: 256 * 1024 * 1024,
  connectionsMax: 4_096,
  tailsMax: 256,
  tailsPerClientMax: 64,
  tailHeartbeatMs: 15_000,
  indexWaitMsMax: 10_000,
  requestTimeoutMs: 60_000,
  idleTimeoutMs: 75_000,
  closeGraceMs: 10_000,
};
