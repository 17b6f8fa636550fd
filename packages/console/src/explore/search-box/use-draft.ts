import { useCallback, useState } from "react";
import { useExplore } from "../use-explore.ts";
import { queryProblem } from "./query-problem.ts";

export interface Draft {
  readonly text: string;
  /** The query of the URL. */
  readonly asked: string;
  readonly setText: (text: string) => void;
  /** Puts a text into the URL, as a step of its own, unless it is `wrong`, and can't be asked. */
  readonly commit: (text: string) => "changed" | "unchanged" | "wrong";
}

/**
 * The query as it is being typed. It becomes the URL's when it is committed; when the URL gets another query, by a click or
 * by going back, that one is shown.
 */
export function useDraft(): Draft {
  const { search, change } = useExplore();
  const { q = "" } = search;
  const [text, setText] = useState(q);
  /** The URL's as it was last seen, and what was given to it since, which takes a moment to arrive. */
  const [url, setUrl] = useState<{ readonly seen: string; readonly given?: string }>({ seen: q });
  if (q !== url.seen) {
    setUrl({ seen: q });
    // Who typed on meanwhile keeps what they typed.
    if (q !== url.given) setText(q);
  }

  const commit = useCallback(
    (committed: string) => {
      const given = committed.trim();
      if (queryProblem(given) !== undefined) return "wrong";
      if (given === q) return "unchanged";
      setUrl({ seen: q, given });
      change({ q: given, event: undefined });
      return "changed";
    },
    [q, change],
  );
  return { text, asked: q, setText, commit };
}
