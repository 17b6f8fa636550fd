import { checkFile } from "./check-file.ts";
import { element } from "./element.ts";

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
  for (const file of chosen) views.push(await checkFile(file, trusted.value));
  if (chosen === files) result.replaceChildren(...views);
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
