import { LOG_FORM } from "../../app/log-form.ts";
import { exploreSearch, type ExploreSearch } from "../explore-search.ts";

/** A view of the explore page, by a name that somebody gave it. */
export interface SavedSearch {
  readonly name: string;
  readonly log: string;
  readonly search: ExploreSearch;
}

export const SAVED_MAX = 100;
export const SAVED_NAME_LENGTH_MAX = 100;

/** What the browser's storage holds, as far as it is understood: another version may have written it. */
export function parseSavedSearches(text: string | null | undefined): SavedSearch[] {
  let kept: unknown;
  try {
    kept = JSON.parse(text ?? "[]");
  } catch {
    return []; // Not ours, then.
  }
  if (!Array.isArray(kept)) return [];
  const searches = kept.flatMap((one: unknown): SavedSearch[] => {
    if (typeof one !== "object" || one === null) return [];
    const { name, log, search } = one as Partial<Record<string, unknown>>;
    if (typeof name !== "string" || name === "" || name.length > SAVED_NAME_LENGTH_MAX) return [];
    if (typeof log !== "string" || !LOG_FORM.test(log) || typeof search !== "object" || !search) return [];
    return [{ name, log, search: exploreSearch({ ...search, event: undefined }) }];
  });
  return searches.slice(0, SAVED_MAX);
}

/** The view without the event that happens to be open. */
export function viewOf(search: ExploreSearch): ExploreSearch {
  return exploreSearch({ ...search, event: undefined });
}

/** With one more; in the place of the one of that name, if there is one. */
export function withSaved(saved: readonly SavedSearch[], added: SavedSearch): SavedSearch[] {
  const at = saved.findIndex(({ name }) => name === added.name);
  return at < 0 ? [...saved, added].slice(-SAVED_MAX) : saved.with(at, added);
}

/** With another name; the one that had this name goes. */
export function withRenamed(saved: readonly SavedSearch[], before: string, name: string): SavedSearch[] {
  return saved
    .filter((one) => one.name === before || one.name !== name)
    .map((one) => (one.name === before ? { ...one, name } : one));
}

/** What to call a search that nobody has named yet. */
export function suggestedName({ q = "", from, to }: ExploreSearch): string {
  const times = [from, to].filter((time) => time !== undefined).join(" to ");
  const name = `${q.trim() || "Everything"} ${times && `(${times})`}`;
  return name.trim().slice(0, SAVED_NAME_LENGTH_MAX);
}
