import { Button, FileButton, Group, Stack, Text, Textarea, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { checkFile } from "@stele/verifier-page/check-file";
import { useEffect, useRef, useState } from "react";
import { FileResult } from "./file-result.tsx";
import classes from "./verify.module.css";

const TYPING_PAUSE_MS = 300;

interface Checked {
  readonly files: readonly File[];
  /** What came of each of them. */
  readonly views: readonly HTMLElement[];
}

/**
 * Evidence, proofs and proofs of misbehaviour that were dropped here, checked in this page: the file goes nowhere, and
 * the node is not asked.
 */
export function FileCheck() {
  const [files, setFiles] = useState<readonly File[]>([]);
  const [trusted, setTrusted] = useState("");
  // Checking a bundle takes longer than the next key.
  const [entered] = useDebouncedValue(trusted, TYPING_PAUSE_MS);
  const [checked, setChecked] = useState<Checked>({ files: [], views: [] });
  const [over, setOver] = useState(false);

  const results = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let current = true;
    const run = async () => {
      const made: HTMLElement[] = [];
      for (const file of files) made.push(await checkFile(file, entered));
      if (current) setChecked({ files, views: made });
    };
    void run();
    return () => {
      current = false;
    };
  }, [files, entered]);

  // What came of new files is below, often out of view. Nothing moves while a key is typed.
  useEffect(() => {
    if (checked.files.length > 0) results.current?.scrollIntoView({ block: "nearest" });
  }, [checked.files]);
  useFilesDropped(setFiles, setOver);

  return (
    <section aria-labelledby="verify-file">
      <Title order={2} size="h4" id="verify-file">
        Check a file
      </Title>
      <Text size="sm" mt={4} mb="sm" maw={720}>
        An evidence bundle, a .tlog-proof or a proof of misbehaviour. It is checked here, in this browser: it
        is sent nowhere. Whoever does not trust this node at all does the same with{" "}
        <a href="/verify.html" className={classes["link"]}>
          the page that needs no node
        </a>
        .
      </Text>
      <Stack gap="sm">
        <div className={classes["drop"]} data-over={over || undefined}>
          <Group>
            <FileButton onChange={setFiles} multiple>
              {(button) => (
                <Button variant="default" {...button}>
                  Choose files
                </Button>
              )}
            </FileButton>
            <Text size="sm">or drop them anywhere on this page</Text>
          </Group>
        </div>
        <Textarea
          label="What you trust"
          description="The log's key (a vkey), or a policy with keys, witnesses and quorum: from somebody whom you trust, not from whoever gave you the file. An evidence bundle can be looked at without."
          value={trusted}
          onChange={(event) => setTrusted(event.currentTarget.value)}
          autosize
          minRows={2}
          maxRows={8}
          spellCheck={false}
          autoComplete="off"
          classNames={{ input: "mono" }}
        />
        <div ref={results} aria-live="polite" className={classes["results"]} data-testid="file-results">
          {checked.views.map((view, i) => (
            <FileResult key={i} view={view} />
          ))}
        </div>
      </Stack>
    </section>
  );
}

/** A file that is dropped beside the mark would else be opened by the browser, in place of this page. */
function useFilesDropped(take: (files: readonly File[]) => void, setOver: (over: boolean) => void): void {
  useEffect(() => {
    const enter = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      setOver(false);
      take(files);
    };
    document.addEventListener("dragenter", enter);
    document.addEventListener("dragover", enter);
    document.addEventListener("dragleave", leave);
    document.addEventListener("drop", drop);
    return () => {
      document.removeEventListener("dragenter", enter);
      document.removeEventListener("dragover", enter);
      document.removeEventListener("dragleave", leave);
      document.removeEventListener("drop", drop);
    };
  }, [take, setOver]);
}
