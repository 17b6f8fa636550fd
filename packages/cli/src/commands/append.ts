import type { AddCommand } from "../command.ts";
import type { PendingEvent } from "../event-upload.ts";
import { InputFile } from "../input-file.ts";
import type { Session } from "../session.ts";
import { textLines } from "../text-lines.ts";
import { uploadFiles, type UploadFlags } from "../upload-session.ts";

export const addAppend: AddCommand = (program, run) => {
  program
    .command("append")
    .summary("append events")
    .description("Appends events, one JSON object a line (docs/spec/entry.md), plain or gzip.")
    .argument("[file]", "the file; - for the standard input", "-")
    .option("--skip-invalid <file>", "collect events that are refused in this new file, and go on")
    .action(run(append));
};

async function append(session: Session, path: string, flags: UploadFlags): Promise<void> {
  await uploadFiles(session, [await InputFile.of(path)], eventsOf, flags);
}

async function* eventsOf(file: InputFile): AsyncGenerator<PendingEvent, void, undefined> {
  for await (const { text, number } of textLines(file.bytes(), file.name)) {
    yield { json: text, source: text, place: `${file.name}, line ${number}` };
  }
}
