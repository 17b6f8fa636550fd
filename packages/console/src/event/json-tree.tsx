import { Button } from "@mantine/core";
import { useState } from "react";
import { Foreign } from "../ui/foreign.tsx";
import { LongText } from "../ui/long-text.tsx";
import classes from "./event.module.css";

/** Deeper parts are unfolded by hand, so that nothing of any depth is drawn at once. */
const DEPTH_OPEN = 3;
/** Of one object or array; more when asked for. */
const ITEMS_SHOWN = 50;
const KEY_LENGTH_MAX = 200;

/** Any value of JSON, by anyone, as a tree to fold and unfold. */
export function JsonTree({ value }: { readonly value: unknown }) {
  return (
    <ul className={`${classes["tree"]} mono`}>
      {isContainer(value) ? (
        <Items value={value} depth={0} />
      ) : (
        <li>
          <Scalar value={value} />
        </li>
      )}
    </ul>
  );
}

function Items({ value, depth }: { readonly value: object; readonly depth: number }) {
  const [shown, setShown] = useState(ITEMS_SHOWN);
  // Arrays have their indexes for keys. Own keys only, whatever they are called.
  const items = Object.entries(value);
  return (
    <>
      {items.slice(0, shown).map(([key, item]) => (
        <Item key={key} name={key} value={item} depth={depth} />
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
  readonly name: string;
  readonly value: unknown;
  readonly depth: number;
}

function Item({ name, value, depth }: ItemProps) {
  const [isOpen, setOpen] = useState(depth < DEPTH_OPEN);
  const key = (
    <span className={classes["key"]}>
      <Foreign text={name.length > KEY_LENGTH_MAX ? `${name.slice(0, KEY_LENGTH_MAX)}…` : name} />
    </span>
  );
  if (!isContainer(value)) {
    return (
      <li>
        {key}: <Scalar value={value} />
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
          <Items value={value} depth={depth + 1} />
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
