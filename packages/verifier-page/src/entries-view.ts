import { element, foreign, grouped, type Content } from "./element.ts";

interface ShownEntry {
  readonly leafIndex: number;
  readonly entry: string;
}

const PAGE_ENTRIES = 100;
const TITLES = ["Index", "Time (UTC)", "Actor", "Action", "Target", "Outcome"];

/** A table of entries, a hundred at a time; each unfolds to its exact bytes. */
export function entriesView(entries: readonly ShownEntry[]): HTMLElement {
  const body = element("tbody");
  const more = element("button", { type: "button", class: "more" });
  let shown = 0;
  const showMore = () => {
    for (const entry of entries.slice(shown, shown + PAGE_ENTRIES)) body.append(...rowsOf(entry));
    shown = Math.min(entries.length, shown + PAGE_ENTRIES);
    more.hidden = shown === entries.length;
    more.textContent = `Show more (${grouped(entries.length - shown)} left)`;
  };
  more.addEventListener("click", showMore);
  showMore();
  const head = element("tr", {}, ...TITLES.map((title) => element("th", { scope: "col" }, title)));
  const table = element("table", { class: "entries" }, element("thead", {}, head), body);
  return element(
    "div",
    {},
    element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Entries" }, table),
    more,
  );
}

function rowsOf({ leafIndex, entry }: ShownEntry): HTMLTableRowElement[] {
  const bytes = element(
    "tr",
    { class: "bytes" },
    element("td", { colspan: String(TITLES.length) }, element("pre", {}, foreign(entry))),
  );
  bytes.hidden = true;
  const button = element(
    "button",
    { type: "button", "aria-expanded": "false", title: "The exact bytes" },
    String(leafIndex),
  );
  button.addEventListener("click", () => {
    bytes.hidden = !bytes.hidden;
    button.setAttribute("aria-expanded", String(!bytes.hidden));
  });
  const cells: Content[] = [button, ...cellsOf(entry).map(foreign)];
  return [element("tr", {}, ...cells.map((cell) => element("td", {}, cell))), bytes];
}

/** The entry is proven; that it has the fields of an entry is not, so each may be anything. */
function cellsOf(entry: string): string[] {
  let fields: unknown;
  try {
    fields = JSON.parse(entry);
  } catch {
    return ["", "", "", "", ""]; // The exact bytes are shown all the same.
  }
  const [target, ...others] = list(at(fields, "targets"));
  const targets = `${nameOf(target)}${others.length > 0 ? ` +${others.length}` : ""}`;
  const time = text(at(fields, "occurred_at")).slice(0, 19).replace("T", " ");
  return [
    time,
    nameOf(at(fields, "actor")),
    text(at(fields, "action")),
    targets,
    text(at(fields, "outcome")),
  ];
}

function nameOf(party: unknown): string {
  return text(at(party, "name")) || text(at(party, "id"));
}

function at(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
