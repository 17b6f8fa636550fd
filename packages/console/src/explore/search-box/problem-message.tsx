import { visible } from "../../ui/foreign.tsx";
import type { QueryProblem } from "./query-problem.ts";
import { usePause } from "./use-pause.ts";
import classes from "./search-box.module.css";

/** After this, somebody who hears the page is told, and what was begun counts as wrong. */
const PAUSE_MS = 1_000;

interface ProblemMessageProps {
  readonly id: string;
  readonly problem: QueryProblem | undefined;
  readonly text: string;
  /** What is missing may come with the next key. */
  readonly unfinished: boolean;
}

/** Says what is wrong: at once below the place, and to screen readers once the typing pauses. */
export function ProblemMessage({ id, problem, text, unfinished }: ProblemMessageProps) {
  const rested = usePause(text, PAUSE_MS);
  const shown = problem !== undefined && (rested || !unfinished);
  return (
    <>
      <p id={id} className={shown ? classes["problem"] : "spoken"}>
        {problem && visible(problem.message)}
      </p>
      <p role="alert" className="spoken">
        {problem && rested ? visible(problem.message) : ""}
      </p>
    </>
  );
}
