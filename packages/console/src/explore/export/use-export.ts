import type { SteleClient } from "@stele/client";
import { useCallback, useEffect, useRef, useState } from "react";
import { useClient } from "../../api/client.ts";
import { formatCount } from "../../ui/format-number.ts";
import { eventFileName, headOf, linesOf, type EventFormat } from "./event-file.ts";
import { evidenceTreeSize } from "./evidence-size.ts";
import type { ExportProgress } from "./export-progress.ts";
import { download, openFile } from "./file-sink.ts";
import { readEvents, type EventSelection } from "./read-events.ts";

const TYPES = { csv: "text/csv", ndjson: "application/x-ndjson" } as const;

export interface Export {
  readonly progress: ExportProgress | undefined;
  readonly start: (format: EventFormat | "evidence", selection: EventSelection) => void;
  /** Ends the export that runs, and leaves no file; takes its result away if it is over. */
  readonly dismiss: () => void;
}

type Report = (progress: ExportProgress | undefined) => void;

/** One export at a time. It ends when the page is left. */
export function useExport(): Export {
  const client = useClient();
  const [progress, setProgress] = useState<ExportProgress>();
  const running = useRef<AbortController>(undefined);

  const dismiss = useCallback(() => {
    running.current?.abort();
    running.current = undefined;
    setProgress(undefined);
  }, []);
  useEffect(() => () => running.current?.abort(), []);

  const start = useCallback(
    (format: EventFormat | "evidence", selection: EventSelection) => {
      running.current?.abort();
      const controller = new AbortController();
      running.current = controller;
      const { signal } = controller;
      const report: Report = (made) => {
        if (running.current === controller) setProgress(made);
      };
      const run = format === "evidence" ? exportEvidence : exportEvents(format);
      run(client, selection, signal, report).catch((error: unknown) => {
        if (!signal.aborted) report({ state: "failed", error });
      });
    },
    [client],
  );
  return { progress, start, dismiss };
}

function exportEvents(format: EventFormat) {
  return async (client: SteleClient, selection: EventSelection, signal: AbortSignal, report: Report) => {
    const fileName = eventFileName(client.log, format, Date.now());
    const file = await openFile(fileName, TYPES[format]);
    if (!file) return report(undefined);
    const what = format === "csv" ? "CSV" : "NDJSON";
    const { total } = selection;
    let written = 0;
    report({ state: "running", what, written, total });
    try {
      await file.write(headOf(format));
      for await (const events of readEvents(client, selection, signal)) {
        await file.write(linesOf(format, events));
        written += events.length;
        report({ state: "running", what, written, total });
      }
      signal.throwIfAborted();
      await file.close();
    } catch (error) {
      await file.abort();
      throw error;
    }
    report({
      state: "done",
      fileName,
      what: `${formatCount(written)} ${written === 1 ? "event" : "events"}, without a proof`,
    });
  };
}

async function exportEvidence(
  client: SteleClient,
  { query }: EventSelection,
  signal: AbortSignal,
  report: Report,
): Promise<void> {
  report({ state: "running", what: "evidence", written: 0, total: undefined });
  const bytes = await client.evidence(query, { signal });
  const bundle = new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/gzip" });
  const fileName = `${client.log}-${await evidenceTreeSize(bundle)}.stele-evidence`;
  signal.throwIfAborted();
  download(fileName, bundle);
  report({ state: "done", fileName, what: "what proves the events; the page “Verify” checks it" });
}
