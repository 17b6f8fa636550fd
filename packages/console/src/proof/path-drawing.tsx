import { equalBytes, type Hash } from "@stele/proof";
import { useRef, useState, type KeyboardEvent } from "react";
import { formatCount } from "../ui/format-number.ts";
import { formatHex } from "../ui/format-hex.ts";
import type { PathNode, ProofPath } from "./proof-path.ts";
import classes from "./proof.module.css";

const SHORT_DIGITS = 8;

interface PathDrawingProps {
  readonly path: ProofPath;
  readonly checkpointRoot: Hash | undefined;
}

/** A node where it is drawn. */
interface Drawn extends PathNode {
  readonly label: string;
  readonly kind: "root" | "wrong-root" | "node" | "sibling" | "leaf";
}

/** One row of the drawing: what is to the left of the path, on it, and to the right. */
interface Row {
  readonly left?: Drawn;
  readonly middle: Drawn;
  readonly right?: Drawn;
}

/**
 * The tree as far as the proof has it: the root on top, down to the leaf; beside each node of the path, its sibling. One tab
 * stop: arrows go from node to node, and the one that has the focus is told in full below.
 */
export function PathDrawing({ path, checkpointRoot }: PathDrawingProps) {
  const rows = rowsOf(path, checkpointRoot);
  const nodes = rows.flatMap(({ left, middle, right }) =>
    [left, middle, right].filter((n) => n !== undefined),
  );
  const [at, setAt] = useState(0);
  const ref = useRef<HTMLDivElement>(null);
  const current = nodes[at] ?? nodes[0]!;
  const move = (event: KeyboardEvent) => {
    const next = target(event.key, at, nodes.length);
    if (next === undefined) return;
    event.preventDefault();
    setAt(next);
    ref.current?.querySelectorAll("button")[next]?.focus();
  };
  const button = (node: Drawn | undefined) => {
    if (!node) return <span />;
    const i = nodes.indexOf(node);
    return (
      <button
        type="button"
        className={classes["node"]}
        data-kind={node.kind}
        data-current={i === at || undefined}
        tabIndex={i === at ? 0 : -1}
        onFocus={() => setAt(i)}
        onClick={() => setAt(i)}
        aria-label={`${short(node)}: ${describe(node)}`}
      >
        {short(node)}
      </button>
    );
  };
  return (
    <figure className={classes["figure"]} aria-label="The path from the root down to the leaf">
      <div className={classes["drawing"]} ref={ref} role="group" aria-label="Nodes" onKeyDown={move}>
        {rows.map((row, i) => (
          // Rows have no other identity than their height.
          <div key={i} className={classes["row"]}>
            {i > 0 && <Lines side={row.left ? "left" : "right"} />}
            {button(row.left)}
            {button(row.middle)}
            {button(row.right)}
          </div>
        ))}
      </div>
      <figcaption className={classes["caption"]} aria-live="polite">
        <span>{describe(current)}</span>
        <span className="mono">{formatHex(current.hash)}</span>
      </figcaption>
    </figure>
  );
}

/** From the parent above, which stands in the middle, to its two children. Decoration: the words are in the labels. */
function Lines({ side }: { readonly side: "left" | "right" }) {
  const x = side === "left" ? "16.67%" : "83.33%";
  return (
    <svg className={classes["lines"]} aria-hidden focusable="false" width="100%" height="16">
      <line x1="50%" y1="0" x2="50%" y2="16" />
      <line x1="50%" y1="0" x2={x} y2="16" />
    </svg>
  );
}

function rowsOf({ leaf, steps, root }: ProofPath, checkpointRoot: Hash | undefined): Row[] {
  const isRoot = checkpointRoot !== undefined && equalBytes(root.hash, checkpointRoot);
  const top: Drawn = {
    ...root,
    label: isRoot ? "Root" : "Root that was computed, not that of the checkpoint",
    kind: isRoot ? "root" : "wrong-root",
  };
  if (steps.length === 0) return [{ middle: { ...top, label: `${top.label}, and the only leaf` } }];
  const below = steps.map(({ side, sibling }, i): Row => {
    const node = i === 0 ? leaf : steps[i - 1]!.parent;
    const middle: Drawn =
      i === 0
        ? { ...node, label: "Leaf: this entry", kind: "leaf" }
        : { ...node, label: `Node at height ${i}`, kind: "node" };
    const other: Drawn = { ...sibling, label: `Sibling on the ${side}, at height ${i}`, kind: "sibling" };
    return side === "left" ? { left: other, middle } : { middle, right: other };
  });
  return [{ middle: top }, ...below.toReversed()];
}

/** The first digits, which are drawn. */
function short({ hash }: PathNode): string {
  return formatHex(hash).slice(0, SHORT_DIGITS);
}

function describe({ label, begin, end }: Drawn): string {
  const leaves =
    end - begin === 1
      ? `entry ${formatCount(begin)}`
      : `entries ${formatCount(begin)} to ${formatCount(end - 1)}`;
  return `${label}, over ${leaves}`;
}

function target(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case "ArrowDown":
    case "ArrowRight":
      return Math.min(count - 1, at + 1);
    case "ArrowUp":
    case "ArrowLeft":
      return Math.max(0, at - 1);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}
