import { Button, Group } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { download } from "../ui/download.ts";
import type { Conflict } from "./proof-report.ts";

/** The two checkpoints that don't go together: whoever runs the log, and everybody else, has to see them. */
export function ConflictNotes({ conflict }: { readonly conflict: Conflict }) {
  return (
    <Group gap="xs" mt={4}>
      <Note label="Checkpoint seen before" name="seen-before.checkpoint" note={conflict.seen} />
      <Note label="Checkpoint shown now" name="shown-now.checkpoint" note={conflict.shown} />
    </Group>
  );
}

interface NoteProps {
  readonly label: string;
  readonly name: string;
  readonly note: string;
}

function Note({ label, name, note }: NoteProps) {
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<IconDownload size={14} aria-hidden />}
      onClick={() => download(name, note, "text/plain")}
    >
      {label}
    </Button>
  );
}
