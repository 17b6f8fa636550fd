import { MalformedError } from "@stele/proof";
import { element } from "./element.ts";
import { failureView, resultView } from "./result-view.ts";
import { parseTrust } from "./trust.ts";
import { FILE_LENGTH_BYTES_MAX } from "./unpack.ts";
import { verifyFile } from "./verify-file.ts";

const chooser = byId("file", HTMLInputElement);
const trusted = byId("trusted", HTMLTextAreaElement);
const drop = byId("drop", HTMLElement);
const result = byId("result", HTMLElement);
/** The files that were chosen last: what is trusted may be entered after them. */
let files: readonly File[] = [];

function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.querySelector(`#${id}`);
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${id}`);
}

async function verifyAll(): Promise<void> {
  const chosen = files;
  result.replaceChildren(element("p", { class: "busy" }, "Verifying…"));
  // The words are to be seen before the hashing begins.
  await new Promise((resolve) => setTimeout(resolve, 30));
  const views: HTMLElement[] = [];
  for (const file of chosen) views.push(await viewOf(file));
  if (chosen === files) result.replaceChildren(...views);
}

async function viewOf(file: File): Promise<HTMLElement> {
  try {
    const trust = parseTrust(trusted.value);
    if (file.size > FILE_LENGTH_BYTES_MAX) {
      throw new MalformedError("file_too_long", `The file is longer than ${FILE_LENGTH_BYTES_MAX} bytes`);
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    const started = performance.now();
    const verified = await verifyFile(bytes, trust);
    const view = resultView(file.name, verified);
    view.dataset["ms"] = String(Math.round(performance.now() - started));
    return view;
  } catch (error) {
    return failureView(file.name, error);
  }
}

function choose(list: FileList | null | undefined): void {
  if (!list || list.length === 0) return;
  files = [...list];
  void verifyAll();
}

chooser.addEventListener("change", () => choose(chooser.files));
trusted.addEventListener("change", () => {
  if (files.length > 0) void verifyAll();
});
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) {
  document.addEventListener(name, () => drop.classList.remove("over"));
}
document.addEventListener("drop", (event) => {
  event.preventDefault();
  choose(event.dataTransfer?.files);
});
