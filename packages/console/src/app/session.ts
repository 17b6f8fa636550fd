import type { Session as SessionInfo } from "@stele/client";
import { SteleError } from "@stele/proof";
import { useSyncExternalStore } from "react";

const KEY = "stele-token";
/** The refusal of who left by themselves. */
export const SIGNED_OUT = "signed_out";

/** Why the node wants a token: what it said. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export interface Session {
  /** Sent with each request; undefined if none was given. */
  readonly token: string | undefined;
  /** Set once the node refused a request for want of a good token, until another one is given. */
  readonly refusal: Refusal | undefined;
}

const REFUSALS = new Set(["token_required", "token_unknown", "token_expired", "token_file_malformed"]);

let session: Session = { token: sessionStorage.getItem(KEY) ?? undefined, refusal: undefined };
const listeners = new Set<() => void>();

function change(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

export function currentSession(): Session {
  return session;
}

/** Keeps the token for this tab, until it is closed. */
export function signIn(token: string): void {
  sessionStorage.setItem(KEY, token);
  change({ token, refusal: undefined });
}

export function signOut(): void {
  sessionStorage.removeItem(KEY);
  change({ token: undefined, refusal: { code: SIGNED_OUT, message: "You are signed out." } });
}

/** A text that can't be a token is not looked at by the node, which then answers as if there were none. */
export function tokenProblem(info: SessionInfo): Refusal | undefined {
  if (info.tokenRequired && !info.token) {
    return { code: "token_unknown", message: "This is no access token: is it all of it, and nothing else?" };
  }
  return roleProblem(info);
}

/** A token that may not read is as good as none here. */
export function roleProblem({ token }: SessionInfo): Refusal | undefined {
  if (token?.role !== "writer") return undefined;
  const message = `The token ${token.name} has the role writer: it may send events, but not read them. These pages need the role reader or admin.`;
  return { code: "role_insufficient", message };
}

/** Whether an error says that the node wants another token. */
export function isTokenRefused(error: unknown): boolean {
  return error instanceof SteleError && REFUSALS.has(error.code);
}

/**
 * Makes the page ask for another token if an error says that the node wants one. What it says of a token that is not this tab's
 * (one that is only tried, or the last one, answered late) changes nothing.
 */
export function noticeRefusal(error: SteleError, token: string | undefined): void {
  if (token !== session.token || session.refusal || !isTokenRefused(error)) return;
  change({ token, refusal: { code: error.code, message: error.message } });
}

export function useSession(): Session {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, currentSession);
}
