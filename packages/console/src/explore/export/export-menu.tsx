import { ActionIcon, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { EventSelection } from "./read-events.ts";
import type { Export } from "./use-export.ts";

const FORMATS = [
  { format: "csv", label: "CSV", description: "for spreadsheets" },
  { format: "ndjson", label: "NDJSON", description: "an event a line, for programs" },
  { format: "evidence", label: "Evidence bundle", description: "with what proves the events to others" },
] as const;

interface ExportMenuProps {
  /** What is on the page; undefined while that is not known. */
  readonly selection: EventSelection | undefined;
  readonly exporting: Pick<Export, "progress" | "start">;
}

/** Writes what the search finds to a file. */
export function ExportMenu({ selection, exporting: { progress, start } }: ExportMenuProps) {
  return (
    <Menu position="bottom-end" width={270}>
      <Menu.Target>
        <ActionIcon variant="default" size={36} aria-label="Export" title="Export">
          <IconDownload size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>All events of this search, as</Menu.Label>
        {FORMATS.map(({ format, label, description }) => (
          <Menu.Item
            key={format}
            disabled={selection === undefined || progress?.state === "running"}
            onClick={() => selection && start(format, selection)}
          >
            {label}: {description}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
