import { ActionIcon } from "@mantine/core";
import { applyCompletion } from "@stele/query";
import { IconX } from "@tabler/icons-react";
import { useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { visible, visibleBeginning } from "../../ui/foreign.tsx";
import { QueryHelp } from "./query-help.tsx";
import { QueryOverlay } from "./query-overlay.tsx";
import { isUnfinished, queryProblem, type QueryProblem } from "./query-problem.ts";
import { ProblemMessage } from "./problem-message.tsx";
import { optionId, SuggestionList } from "./suggestion-list.tsx";
import type { Suggestion } from "./suggestion.ts";
import { useDraft, type AskedQuery } from "./use-draft.ts";
import { useSlashKey } from "./use-slash-key.ts";
import { useSuggestions, type SuggestedRange } from "./use-suggestions.ts";
import classes from "./search-box.module.css";

interface SearchBoxProps extends AskedQuery {
  readonly range: SuggestedRange;
  /** What the node said was wrong with the query of the URL. */
  readonly refusal: QueryProblem | undefined;
  /** The same query is asked for once more. */
  readonly onAgain: () => void;
  /** Esc was pressed, and there was nothing to close: the focus goes elsewhere. */
  readonly onLeave?: () => void;
}

/** The query: a text in colours, with what could stand at the cursor, and mistakes marked where they are. */
export function SearchBox({ query, ask, range, refusal, onAgain, onLeave }: SearchBoxProps) {
  const id = useId();
  const listId = `${id}list`;
  const input = useRef<HTMLInputElement>(null);
  const overlay = useRef<HTMLDivElement>(null);
  /** Where the cursor goes once the text is there. */
  const moveTo = useRef<number>(undefined);
  const { text, asked, setText, commit } = useDraft({ query, ask });
  const [cursor, setCursor] = useState(text.length);
  const [focused, setFocused] = useState(false);
  const [wanted, setWanted] = useState(false);
  const [active, setActive] = useState(-1);
  useSlashKey(input);

  const isOpen = wanted && focused;
  const { completion, suggestions, error } = useSuggestions(text, cursor, range, isOpen);
  const listed = isOpen && completion !== undefined && suggestions.length > 0;
  const own = useMemo(() => queryProblem(text), [text]);
  const problem = own ?? (text.trim() === asked ? refusal : undefined);

  const scrollAlong = () => {
    if (overlay.current && input.current) overlay.current.scrollLeft = input.current.scrollLeft;
  };
  useLayoutEffect(() => {
    if (moveTo.current !== undefined) input.current?.setSelectionRange(moveTo.current, moveTo.current);
    moveTo.current = undefined;
    // Nothing can be scrolled of no text; to ask would lay out the whole page before it is first drawn.
    if (text !== "") scrollAlong();
  }, [text]);

  const write = (written: string, at: number) => {
    setText(written);
    setCursor(at);
    setActive(-1);
  };
  const choose = (suggestion: Suggestion) => {
    if (completion === undefined) return;
    const done = applyCompletion(text, completion, suggestion.text);
    moveTo.current = done.cursor;
    write(done.text, done.cursor);
    if (completion.kind === "field") return;
    setWanted(false);
    commit(done.text);
  };
  const run = () => {
    setWanted(false);
    if (commit(text) === "unchanged") onAgain();
  };
  const clear = () => {
    write("", 0);
    commit("");
    input.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    // Enter that ends the composition of a character is not ours.
    if (event.nativeEvent.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const chosen = listed ? suggestions[active] : undefined;
    if (step !== 0) {
      event.preventDefault();
      setWanted(true);
      // From the last one on to none, and round.
      const count = suggestions.length + 1;
      if (listed) setActive((before) => ((before + 1 + step + count) % count) - 1);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (chosen) choose(chosen);
      else run();
    } else if (event.key === "Tab" && !event.shiftKey && listed) {
      // What was begun is completed; from elsewhere, Tab goes on to the next control.
      const best = chosen ?? (completion.prefix === "" ? undefined : suggestions[0]);
      if (!best || (best.text === completion.prefix && !chosen)) return;
      event.preventDefault();
      choose(best);
    } else if (event.key === "Escape" && listed) {
      event.preventDefault();
      event.stopPropagation();
      setWanted(false);
      setActive(-1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      input.current?.blur();
      onLeave?.();
    }
  };

  return (
    <search className={classes["box"]}>
      <div className={classes["field"]}>
        <div className={classes["text"]}>
          <input
            ref={input}
            type="text"
            role="combobox"
            aria-label="Search"
            aria-autocomplete="list"
            aria-haspopup="listbox"
            aria-expanded={listed}
            aria-controls={listId}
            aria-activedescendant={listed && active >= 0 ? optionId(listId, active) : undefined}
            aria-invalid={problem !== undefined}
            aria-describedby={problem ? `${id}problem` : undefined}
            aria-keyshortcuts="/"
            placeholder="Search, as in actor:alice outcome:failure"
            autoComplete="off"
            autoCapitalize="off"
            autoCorrect="off"
            spellCheck={false}
            enterKeyHint="search"
            maxLength={TYPED_LENGTH_MAX}
            className={classes["input"]}
            value={text}
            onChange={({ currentTarget: { value, selectionStart } }) => {
              write(value, selectionStart ?? value.length);
              setWanted(true);
            }}
            onSelect={({ currentTarget: { selectionStart } }) => setCursor(selectionStart ?? 0)}
            onScroll={scrollAlong}
            onKeyDown={onKeyDown}
            onFocus={() => setFocused(true)}
            onMouseDown={() => setWanted(true)}
            onBlur={({ relatedTarget }) => {
              // Another window has the focus: nobody left the input.
              if (document.activeElement === input.current) return;
              setFocused(false);
              setWanted(false);
              // Nor did they leave the page for what lies over it, such as the sign-in.
              if (!relatedTarget?.closest("[role=dialog][aria-modal=true]")) commit(text);
            }}
          />
          <QueryOverlay ref={overlay} text={text} problem={problem} />
        </div>
        {text !== "" && (
          <ActionIcon variant="subtle" color="gray" size={28} aria-label="Clear the search" onClick={clear}>
            <IconX size={16} aria-hidden />
          </ActionIcon>
        )}
        <QueryHelp />
      </div>
      <div className={classes["below"]}>
        <ProblemMessage
          id={`${id}problem`}
          problem={problem}
          text={text}
          unfinished={focused && problem !== undefined && isUnfinished(problem, text, cursor)}
        />
        {visible(text) !== text && (
          // Of a link by anyone, or a value of an event: what is seen above may not be what is asked.
          <p className={classes["note"]}>
            It has characters that can’t be seen: {visibleBeginning(text, 300)}
          </p>
        )}
        {isOpen && error && (
          <p className={classes["note"]}>Values can’t be suggested: {visible(error.message)}</p>
        )}
        {listed && <SuggestionList id={listId} suggestions={suggestions} active={active} choose={choose} />}
      </div>
      <p role="status" className="spoken">
        {listed ? `${suggestions.length} ${suggestions.length === 1 ? "suggestion" : "suggestions"}` : ""}
      </p>
    </search>
  );
}

/** Somewhat more than a query may have, so that one that is too long is seen to be. */
const TYPED_LENGTH_MAX = 5_000;
