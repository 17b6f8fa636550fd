import { Button, Group, SegmentedControl, Text } from "@mantine/core";
import { decodeUtf8, MalformedError } from "@stele/proof";
import { IconDownload } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { CopyButton } from "../ui/copy-button.tsx";
import { download } from "../ui/download.ts";
import { visible } from "../ui/foreign.tsx";
import { formatCount } from "../ui/format-number.ts";
import { HEX_ROW_BYTES, hexDump } from "./hex-dump.ts";
import { Section } from "./section.tsx";
import classes from "./event.module.css";

interface RawBytesProps {
  readonly bytes: Uint8Array;
  /** For the file, without an ending. */
  readonly name: string;
}

/** Longer than an entry can be; a node that answers with more is not shown whole. */
const SHOWN_BYTES_MAX = 65_536;

/** The entry exactly as the log keeps it. */
export function RawBytes({ bytes, name }: RawBytesProps) {
  const [view, setView] = useState<"text" | "hex">("text");
  const text = useMemo(() => textOf(bytes), [bytes]);
  const part = bytes.subarray(0, SHOWN_BYTES_MAX);
  const shown = useMemo(
    () => (view === "hex" || text === undefined ? hexDump(part) : visible(text.slice(0, SHOWN_BYTES_MAX))),
    [view, text, part],
  );
  return (
    <Section title="Raw bytes">
      <Group gap="xs" mb="xs">
        <SegmentedControl
          size="xs"
          aria-label="How to show the bytes"
          value={view}
          onChange={(value) => setView(value === "hex" ? "hex" : "text")}
          data={[
            { value: "text", label: "Text", disabled: text === undefined },
            { value: "hex", label: "Hex" },
          ]}
        />
        <Text size="sm">{formatCount(bytes.length)} bytes</Text>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconDownload size={14} aria-hidden />}
          onClick={() => download(`${name}.json`, bytes, "application/json")}
        >
          Download
        </Button>
        <CopyButton text={text ?? hexDump(part)} what="the bytes" isOurs={text === undefined} />
      </Group>
      <pre
        className={`${classes["bytes"]} mono ${view === "text" ? classes["text"] : ""}`}
        tabIndex={0}
        aria-label={view === "hex" ? `The bytes, ${HEX_ROW_BYTES} a line` : "The bytes as text"}
        role="region"
      >
        {shown}
      </pre>
    </Section>
  );
}

/** Undefined if they are not UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}
