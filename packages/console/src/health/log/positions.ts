import type { LogStatus } from "@stele/client";

/** How far something is in a log: a part of `[0, treeSize)`. */
export interface Position {
  readonly name: string;
  /** Leaf indexes `[start, end)`. */
  readonly start: number;
  readonly end: number;
  readonly meaning: string;
  /** Entries between it and what should follow: the tree's end. Undefined where that says nothing. */
  readonly behind: number | undefined;
}

/** How far everything that follows the log is, in the order in which an entry goes through it. */
export function positionsOf(log: LogStatus): Position[] {
  const { treeSize, sealedSize, journalStart, indexedSize, publishedSize, witnessedSize, mirrors } = log;
  const upTo = (name: string, end: number, meaning: string): Position => ({
    name,
    start: 0,
    end: Math.min(end, treeSize),
    meaning,
    behind: Math.max(0, treeSize - end),
  });
  return [
    {
      name: "Sealed",
      start: 0,
      end: Math.min(sealedSize, treeSize),
      meaning: `in ${log.segments === 1 ? "one segment" : `${log.segments} segments`}, written once`,
      behind: undefined,
    },
    {
      name: "Hot",
      start: Math.min(sealedSize, treeSize),
      end: treeSize,
      meaning: "committed, not sealed yet",
      behind: undefined,
    },
    {
      name: "Journal",
      start: Math.min(journalStart, treeSize),
      end: treeSize,
      meaning: "what this node has as commits; it is cut off once it is sealed",
      behind: undefined,
    },
    upTo("Indexed", indexedSize, "found by searches"),
    upTo("Published", publishedSize, "under the checkpoint that strangers see"),
    ...(witnessedSize === undefined
      ? []
      : [upTo("Witnessed", witnessedSize, "under a checkpoint that the quorum of witnesses cosigned")]),
    ...mirrors.map(({ place, mirroredSize }) =>
      upTo(
        mirrors.length === 1 ? "Mirrored" : `Mirrored: ${place}`,
        mirroredSize,
        "in the independent store, too",
      ),
    ),
  ];
}

export interface Bar {
  /** Of the whole: 0 to 1. */
  readonly left: number;
  readonly width: number;
}

/** So that one entry of a billion, missing or there, is seen. */
const VISIBLE = 0.004;

/** Where a position is drawn. What lacks something never looks whole, and what has something never looks empty. */
export function barOf({ start, end }: Pick<Position, "start" | "end">, treeSize: number): Bar {
  if (treeSize === 0 || end <= start) return { left: 0, width: 0 };
  const left = start === 0 ? 0 : Math.min(Math.max(start / treeSize, VISIBLE), 1 - VISIBLE);
  const right = end === treeSize ? 1 : Math.min(Math.max(end / treeSize, left + VISIBLE), 1 - VISIBLE);
  return { left, width: Math.max(right - left, 0) };
}
