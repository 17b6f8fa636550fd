import type { Alarm } from "@stele/client";

/** Those that nobody has acknowledged first, of these the critical ones, of these the newest. */
export function byUrgency(a: Alarm, b: Alarm): number {
  return rank(b) - rank(a) || (a.since < b.since ? 1 : -1);
}

function rank({ acknowledged, severity }: Alarm): number {
  return (acknowledged ? 0 : 2) + (severity === "critical" ? 1 : 0);
}
