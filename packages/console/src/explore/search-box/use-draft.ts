import { useCallback, useState } from "react";
import { queryProblem } from "./query-problem.ts";

/** The query that a page's URL has, and how to give it another. */
export interface AskedQuery {
  readonly query: string;
  /** As a step of its own that one can go back from. */
  readonly ask: (query: string) => void;
}

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
export function useDraft({ query: q, ask }: AskedQuery): Draft {
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
      ask(given);
      return "changed";
    },
    [q, ask],
  );
  return { text, asked: q, setText, commit };
}
