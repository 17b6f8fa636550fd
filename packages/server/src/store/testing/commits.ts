import { randomBytes } from "node:crypto";
import type { Commit } from "../commit.ts";

/** A commit with plausible entries and a checkpoint line that nobody signed: enough for what checks frames only. */
export function unsignedCommit(start: number, count: number, lengthBytes = 100): Commit {
  const entries = Array.from({ length: count }, (_, i) => {
    const entry = `{"v":1,"id":"e${start + i}","pad":"`;
    return `${entry}${"x".repeat(Math.max(0, lengthBytes - entry.length - 2))}"}\n`;
  });
  return {
    id: randomBytes(16).toString("hex"),
    origin: "test.example/log",
    start,
    count,
    lines: [Buffer.from(entries.join(""))],
    checkpoint: `test.example/log\n${start + count}\nroot of ${start + count}\n\n— nobody AAAA\n`,
  };
}

/** The entries of a commit, without their LFs. */
export function entriesOf(commit: Commit): string[] {
  return Buffer.concat(commit.lines).toString().trimEnd().split("\n");
}
