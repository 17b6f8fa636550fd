import type { Entry, Party } from "@stele/client";

/** A piece of a sentence: our words, text of strangers, or a time (RFC 3339). */
export interface Phrase {
  readonly kind: "words" | "value" | "time";
  readonly text: string;
}

const TARGETS_MAX = 3;
/** Verbs at the end of an action that don't end in -ed in the past. */
const PAST: ReadonlyMap<string, string> = new Map([
  ["read", "read"],
  ["sent", "sent"],
  ["made", "made"],
  ["set", "set"],
  ["put", "put"],
  ["login", "logged in to"],
  ["logout", "logged out of"],
]);

/** Who did what to what, from where, when, with which outcome, and for whom. */
export function sentenceOf(entry: Entry): Phrase[] {
  const { actor, action, targets = [], context, occurred_at: occurredAt, outcome, reason } = entry;
  const { on_behalf_of: behalf } = entry;
  const phrases: Phrase[] = [...partyPhrases(actor)];
  const verb = pastOf(action);
  // What was denied or failed was not done.
  const isDone = outcome !== "denied" && outcome !== "failure";
  if (verb !== undefined && isDone && targets.length > 0) phrases.push(words(` ${verb} `));
  else {
    phrases.push(words(isDone ? " did " : " attempted "), value(action));
    if (targets.length > 0) phrases.push(words(" on "));
  }
  for (const [i, target] of targets.slice(0, TARGETS_MAX).entries()) {
    if (i > 0) phrases.push(words(", "));
    const { type = "", id, name } = target;
    phrases.push(value(type), words(" "), value(name ?? id));
    // Anything may have any name.
    if (name !== undefined && name !== id) phrases.push(words(" ("), value(id), words(")"));
  }
  const more = targets.length - TARGETS_MAX;
  if (more > 0) phrases.push(words(` and ${more} more`));
  if (context?.ip !== undefined) phrases.push(words(" from "), value(context.ip));
  phrases.push(words(" at "), { kind: "time", text: occurredAt }, words(": "));
  phrases.push(outcome === "unknown" ? words("with an unknown outcome") : value(outcome));
  if (reason !== undefined) phrases.push(words(", because: "), value(reason));
  if (behalf) phrases.push(words("; on behalf of "), ...partyPhrases(behalf));
  phrases.push(words("."));
  return phrases;
}

function partyPhrases({ type = "", id, name }: Party): Phrase[] {
  if (name === undefined || name === id) return [value(id), words(" ("), value(type), words(")")];
  return [value(name), words(" ("), value(type), words(" "), value(id), words(")")];
}

/** The last part of an action, if it is a verb in the past: `document.updated`. */
function pastOf(action: string): string | undefined {
  const last = action.slice(action.lastIndexOf(".") + 1);
  return PAST.get(last) ?? (/^[a-z]{2,}ed$/.test(last) ? last : undefined);
}

function words(text: string): Phrase {
  return { kind: "words", text };
}

function value(text: string): Phrase {
  return { kind: "value", text };
}
