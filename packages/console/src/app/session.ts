import { SteleError } from "@stele/proof";
import { useSyncExternalStore } from "react";

const KEY = "stele-token";

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
  change({ token: undefined, refusal: { code: "signed_out", message: "You are signed out." } });
}

/** Whether an error says that the node wants another token; if so, the page asks for it. */
export function noticeRefusal(error: unknown): boolean {
  if (!(error instanceof SteleError) || !REFUSALS.has(error.code)) return false;
  if (!session.refusal) change({ ...session, refusal: { code: error.code, message: error.message } });
  return true;
}

export function useSession(): Session {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, currentSession);
}
