import { Option } from "commander";
import { eventOfCloudTrail } from "../cloudtrail.ts";
import type { AddCommand } from "../command.ts";
import type { PendingEvent } from "../event-upload.ts";
import { InputFile } from "../input-file.ts";
import { isJsonObject, textOf } from "../json-object.ts";
import { jsonRecords, type JsonRecord } from "../json-records.ts";
import type { Session } from "../session.ts";
import { uploadFiles, type UploadFlags } from "../upload-session.ts";

export const addImport: AddCommand = (program, run) => {
  program
    .command("import")
    .summary("import records of other systems")
    .description(
      'Imports records. cloudtrail: AWS CloudTrail\'s files ({"Records":[…]}), or a record a line, plain or gzip. Importing the same again adds nothing.',
    )
    .argument("<file...>", "the files; - for the standard input")
    .addOption(new Option("--format <format>", "of the files").choices(["cloudtrail"]).makeOptionMandatory())
    .option("--skip-invalid <file>", "collect records that are refused in this new file, and go on")
    .action(run(importFiles));
};

async function importFiles(session: Session, paths: readonly string[], flags: UploadFlags): Promise<void> {
  const files: InputFile[] = [];
  for (const path of paths) files.push(await InputFile.of(path));
  await uploadFiles(session, files, eventsOf, flags);
}

async function* eventsOf(file: InputFile): AsyncGenerator<PendingEvent, void, undefined> {
  for await (const record of jsonRecords(file.bytes(), file.name)) yield eventOf(record, file.name);
}

function eventOf({ text, number }: JsonRecord, file: string): PendingEvent {
  const place = `${file}, record ${number}`;
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { json: text, source: text, place, problem: `is not JSON: ${reason}` };
  }
  if (
    !isJsonObject(record) ||
    ["eventSource", "eventName"].some((key) => textOf(record, key) === undefined)
  ) {
    return {
      json: text,
      source: text,
      place,
      problem: "is no CloudTrail record: no eventSource or eventName",
    };
  }
  const eventId = textOf(record, "eventID");
  return {
    json: eventOfCloudTrail(record, text),
    source: text,
    place: eventId === undefined ? place : `${place} (eventID ${eventId})`,
  };
}
