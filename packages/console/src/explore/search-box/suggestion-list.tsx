import { useEffect, useRef } from "react";
import { formatCompact, formatCount } from "../../ui/format-number.ts";
import { Foreign } from "../../ui/foreign.tsx";
import type { Suggestion } from "./suggestion.ts";
import classes from "./search-box.module.css";

interface SuggestionListProps {
  readonly id: string;
  readonly suggestions: readonly Suggestion[];
  /** -1 for none. */
  readonly active: number;
  readonly choose: (suggestion: Suggestion) => void;
}

export function optionId(listId: string, i: number): string {
  return `${listId}-${i}`;
}

/** What can stand at the cursor. The input keeps the focus, and says which of them is active. */
export function SuggestionList({ id, suggestions, active, choose }: SuggestionListProps) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    list.current?.children.item(active)?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    <ul ref={list} id={id} role="listbox" aria-label="Suggestions" className={classes["list"]}>
      {suggestions.map((suggestion, i) => (
        <li
          key={suggestion.text}
          id={optionId(id, i)}
          role="option"
          aria-selected={i === active}
          className={classes["option"]}
          // The focus stays where it is.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => choose(suggestion)}
        >
          <span className={`${classes["value"]} mono`}>
            <Foreign text={suggestion.text} lengthMax={200} />
          </span>
          {suggestion.description !== undefined && (
            <span className={classes["description"]}>{suggestion.description}</span>
          )}
          {suggestion.example !== undefined && (
            <span className={`${classes["example"]} mono`}>{suggestion.example}</span>
          )}
          {suggestion.count !== undefined && (
            <span className={`${classes["count"]} tabular`} title={`${formatCount(suggestion.count)} events`}>
              {formatCompact(suggestion.count)}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
