import { memo, type Ref } from "react";
import { queryParts } from "./query-parts.ts";
import type { QueryProblem } from "./query-problem.ts";
import classes from "./search-box.module.css";

interface QueryOverlayProps {
  readonly text: string;
  readonly problem: QueryProblem | undefined;
  readonly ref: Ref<HTMLDivElement>;
}

/** The query in colours. It lies over the input, whose own text can't be seen: in the same font, letter over letter. */
export const QueryOverlay = memo(function QueryOverlay({ text, problem, ref }: QueryOverlayProps) {
  return (
    <div ref={ref} className={classes["overlay"]} aria-hidden>
      {queryParts(text, problem).map((part, i) => (
        // Parts have no other identity than their place.
        <span key={i} data-kind={part.kind} data-wrong={part.wrong || undefined}>
          {part.text === "" ? "\u00a0" : part.text}
        </span>
      ))}
    </div>
  );
});
