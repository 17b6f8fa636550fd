import type { IncomingHttpHeaders } from "node:http";
import { AccessError } from "./errors.ts";
import { roleAllows, type Role } from "./role.ts";
import type { TokenRecord, TokenStore } from "./tokens.ts";

/**
 * Who may do what at a node. On a loopback address without tokens it is open to this machine's own programs,
 * and guards itself against web pages that a browser on this machine shows. On any other address, and as soon as
 * there is a token, each request needs one.
 */
export class AccessPolicy {
  readonly #listensOnLoopback: boolean;
  readonly #tokens: TokenStore;
  readonly #nowMs: () => number;

  /**
   * @param host the address that the node listens on
   * @param nowMs Unix milliseconds, by which tokens expire
   */
  constructor(host: string, tokens: TokenStore, nowMs: () => number) {
    this.#listensOnLoopback = isLoopback(host);
    this.#tokens = tokens;
    this.#nowMs = nowMs;
  }

  /** Whether requests need a token. Goes from no to yes while the node runs, never back. */
  get tokensRequired(): boolean {
    return !this.#listensOnLoopback || this.#tokens.required;
  }

  /**
   * Decides about one request from its headers.
   *
   * @param needed the role that the request needs; undefined if anybody may make it
   * @returns the token that was used, if one was needed
   * @throws AccessError `token_required`, `token_unknown`, `token_expired`, `role_insufficient`, `host_not_allowed`,
   *   `origin_not_allowed`; MalformedError `token_file_malformed`
   */
  admit(headers: IncomingHttpHeaders, needed: Role | undefined): TokenRecord | undefined {
    if (!this.tokensRequired) {
      refuseOtherSites(headers);
      return undefined;
    }
    if (needed === undefined) return undefined;
    const token = this.#presented(headers, needed);
    if (!token) {
      throw new AccessError(
        "token_required",
        "This node requires an access token. Send it as “Authorization: Bearer <token>”; “stele token create” makes one",
        needed,
      );
    }
    if (!roleAllows(token.role, needed)) {
      throw new AccessError(
        "role_insufficient",
        `The token ${token.name} has the role ${token.role}; this needs the role ${needed}`,
        needed,
      );
    }
    return token;
  }

  /**
   * How long a request that lasts will go on being admitted, in milliseconds: until its token expires, as far as the tokens say now.
   * `Infinity` if nothing sets an end.
   *
   * @throws what {@link admit} throws, once it is not admitted
   */
  admittedMs(headers: IncomingHttpHeaders, needed: Role): number {
    const expiresAt = this.admit(headers, needed)?.expires_at;
    return expiresAt === undefined ? Infinity : Date.parse(expiresAt) - this.#nowMs();
  }

  /**
   * Whose token a request carries, whatever its role is. Undefined if it carries none, or the node needs none.
   *
   * @throws AccessError `token_unknown`, `token_expired`; MalformedError `token_file_malformed`
   */
  identify(headers: IncomingHttpHeaders): TokenRecord | undefined {
    return this.tokensRequired ? this.#presented(headers, undefined) : undefined;
  }

  #presented(headers: IncomingHttpHeaders, needed: Role | undefined): TokenRecord | undefined {
    const presented = /^bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
    if (presented === undefined) return undefined;
    const token = this.#tokens.find(presented);
    if (!token) {
      throw new AccessError(
        "token_unknown",
        "This node does not know the access token. It may have been revoked, or belong to another node",
        needed,
      );
    }
    const { name, expires_at } = token;
    if (expires_at !== undefined && this.#nowMs() >= Date.parse(expires_at)) {
      throw new AccessError(
        "token_expired",
        `The token ${name} expired at ${expires_at}. Make another one, and use that`,
        needed,
      );
    }
    return token;
  }

  /** Whether `admit` would. @throws MalformedError `token_file_malformed` */
  allows(headers: IncomingHttpHeaders, needed: Role): boolean {
    try {
      this.admit(headers, needed);
      return true;
    } catch (error) {
      if (error instanceof AccessError) return false;
      throw error;
    }
  }
}

/**
 * @param host the address to listen on
 * @throws AccessError `tokens_missing` if others than this machine could reach the node and it has no token
 */
export function assertSafeToListen(host: string, tokens: TokenStore): void {
  if (isLoopback(host) || tokens.required) return;
  throw new AccessError(
    "tokens_missing",
    `Others can reach ${host}, and there is no access token yet. Run “stele token create --role admin” first, or listen on 127.0.0.1`,
  );
}

/** Whether only this machine can reach a server that listens on `host`. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

const OWN_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/**
 * A page can point a name of its own at 127.0.0.1 (DNS rebinding): then the Host header is that name. And it can
 * send requests here without reading the answer, to learn from the time that it takes, or to keep the node busy: then the Origin
 * header is another one, or, for what images and scripts are loaded with, there is none, and Sec-Fetch-Site tells.
 */
function refuseOtherSites(headers: IncomingHttpHeaders): void {
  const { host = "", origin } = headers;
  if (!OWN_HOST.test(host)) {
    throw new AccessError(
      "host_not_allowed",
      "Without access tokens this node answers only to localhost, 127.0.0.1 and [::1]. To reach it under another name, for instance behind a proxy, run “stele token create”",
    );
  }
  const isOwn = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
  if (!isOwn || isOfOtherSite(headers)) {
    throw new AccessError(
      "origin_not_allowed",
      "Without access tokens this node does not answer the pages of other origins. Run “stele token create” and send a token",
    );
  }
}

/** What the browser says of who made the request (W3C Fetch Metadata). A link that somebody follows may be anywhere. */
function isOfOtherSite(headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return false;
  return headers["sec-fetch-mode"] !== "navigate" || headers["sec-fetch-dest"] !== "document";
}
