/** A task of the page's main thread. */
export interface Task {
  /** By the clock: what others on the machine took meanwhile is in it. */
  readonly clockMs: number;
  /** Of CPU. */
  readonly cpuMs: number;
  /** What it was spent on, the most first, each without what it called: `Layout 12 ms`. */
  readonly parts: readonly string[];
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** In µs. */
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: {
    readonly data?: { readonly type?: string; readonly functionName?: string; readonly url?: string };
  };
}

export const TRACE_CATEGORIES = [
  "toplevel",
  "blink",
  "v8",
  "devtools.timeline",
  "disabled-by-default-devtools.timeline",
  "disabled-by-default-v8.gc",
  "blink.user_timing",
];
/** A mark that the traced page makes, to be told from other pages of the browser. */
export const TRACE_MARK = "bench-frames";

const PARTS_MAX = 4;
const TASK = "RunTask";

/** The tasks of the page that made the mark, of a trace in Chromium's JSON. */
export function tasksOf(trace: Buffer): Task[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { readonly traceEvents: readonly TraceEvent[] };
  const mark = traceEvents.find(({ name }) => name === TRACE_MARK);
  if (!mark) throw new Error("The trace does not have the page");
  const page = traceEvents.filter(({ ph, pid, tid }) => ph === "X" && pid === mark.pid && tid === mark.tid);
  // What encloses comes before what it encloses.
  const events = page.toSorted((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
  const tasks: Task[] = [];
  for (const [i, { name, ts, dur = 0, tdur = 0 }] of events.entries()) {
    if (name !== TASK) continue;
    let end = i + 1;
    while (end < events.length && events[end]!.ts < ts + dur) end++;
    const parts = dur < 20_000 ? [] : partsOf(events.slice(i, end));
    tasks.push({ clockMs: dur / 1_000, cpuMs: tdur / 1_000, parts });
  }
  return tasks;
}

function partsOf(events: readonly TraceEvent[]): string[] {
  const own = new Map<string, number>();
  const open: TraceEvent[] = [];
  const add = (event: TraceEvent, us: number) => own.set(labelOf(event), (own.get(labelOf(event)) ?? 0) + us);
  for (const event of events) {
    while (open.length > 0 && open.at(-1)!.ts + (open.at(-1)!.dur ?? 0) <= event.ts) open.pop();
    const around = open.at(-1);
    if (around) add(around, -(event.dur ?? 0));
    add(event, event.dur ?? 0);
    open.push(event);
  }
  return [...own]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, PARTS_MAX)
    .map(([label, us]) => `${label} ${Math.round(us / 1_000)} ms`);
}

function labelOf({ name, args }: TraceEvent): string {
  const { type, functionName, url } = args?.data ?? {};
  const file = url?.slice(url.lastIndexOf("/") + 1);
  const what = [type, functionName, file].filter((part) => part !== undefined && part !== "");
  return what.length === 0 ? name : `${name} (${what.join(" ")})`;
}
