import { Button } from "@mantine/core";
import { useState } from "react";
import { Foreign, visible } from "../ui/foreign.tsx";
import { LongText } from "../ui/long-text.tsx";
import { metadataTerm } from "./explore-link.ts";
import { FilterButtons } from "./filter-buttons.tsx";
import classes from "./event.module.css";

/** Deeper parts are unfolded by hand, so that nothing of any depth is drawn at once. */
const DEPTH_OPEN = 3;
/** Of one object or array; more when asked for. */
const ITEMS_SHOWN = 50;
const KEY_LENGTH_MAX = 200;

interface JsonTreeProps {
  readonly value: unknown;
  /** It is the metadata of the event: a query can name what is in it. */
  readonly isMetadata?: boolean;
}

/** Any value of JSON, by anyone, as a tree to fold and unfold. */
export function JsonTree({ value, isMetadata = false }: JsonTreeProps) {
  return (
    <ul className={`${classes["tree"]} mono`}>
      {isContainer(value) ? (
        <Items value={value} path={[]} isMetadata={isMetadata} />
      ) : (
        <li>
          <Scalar value={value} />
        </li>
      )}
    </ul>
  );
}

interface ItemsProps {
  readonly value: object;
  readonly path: readonly string[];
  readonly isMetadata: boolean;
}

function Items({ value, path, isMetadata }: ItemsProps) {
  const [shown, setShown] = useState(ITEMS_SHOWN);
  // Arrays have their indexes for keys. Own keys only, whatever they are called.
  const items = Object.entries(value);
  return (
    <>
      {items.slice(0, shown).map(([key, item]) => (
        <Item key={key} value={item} path={[...path, key]} isMetadata={isMetadata} />
      ))}
      {items.length > shown && (
        <li>
          <Button size="compact-xs" variant="default" mih={24} onClick={() => setShown(shown * 4)}>
            Show more of {items.length}
          </Button>
        </li>
      )}
    </>
  );
}

interface ItemProps {
  readonly value: unknown;
  /** Its own key is the last. */
  readonly path: readonly string[];
  readonly isMetadata: boolean;
}

function Item({ value, path, isMetadata }: ItemProps) {
  const [isOpen, setOpen] = useState(path.length <= DEPTH_OPEN);
  const name = path.at(-1) ?? "";
  const key = (
    <span className={classes["key"]}>
      <Foreign text={name} lengthMax={KEY_LENGTH_MAX} />
    </span>
  );
  if (!isContainer(value)) {
    const term = isMetadata ? metadataTerm(path, value) : undefined;
    return (
      <li>
        {key}: <Scalar value={value} /> {term && <FilterButtons term={term} label={visible(term.field)} />}
      </li>
    );
  }
  const count = Object.keys(value).length;
  return (
    <li>
      <button
        type="button"
        className={classes["fold"]}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <span aria-hidden>{isOpen ? "▾ " : "▸ "}</span>
        {key} {Array.isArray(value) ? `[${count}]` : `{${count}}`}
      </button>
      {isOpen && count > 0 && (
        <ul>
          <Items value={value} path={path} isMetadata={isMetadata} />
        </ul>
      )}
    </li>
  );
}

function Scalar({ value }: { readonly value: unknown }) {
  if (typeof value !== "string") return String(value);
  return (
    <>
      “<LongText text={value} />”
    </>
  );
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
