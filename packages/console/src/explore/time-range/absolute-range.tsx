import { Button, Group, Text, TextInput } from "@mantine/core";
import { parseTime } from "@stele/query";
import { useState, type SubmitEvent } from "react";
import { zoneOffset } from "../../ui/format-time.ts";
import { useTimeZone } from "../../ui/time-zone.tsx";
import type { RangeTexts } from "./described-range.ts";
import { localTimeText, parseLocalTime } from "./local-time.ts";

interface AbsoluteRangeProps extends RangeTexts {
  readonly nowMs: number;
  readonly apply: (range: RangeTexts) => void;
}

/** Two times on the clocks of the chosen zone; either may be left open. */
export function AbsoluteRange({ from, to, nowMs, apply }: AbsoluteRangeProps) {
  const { zone } = useTimeZone();
  const textOf = (time: string | undefined) => {
    const ms = time === undefined ? undefined : parseTime(time, nowMs);
    return ms === undefined ? "" : localTimeText(ms, zone);
  };
  const [fromText, setFromText] = useState(() => textOf(from));
  const [toText, setToText] = useState(() => textOf(to));
  const fromMs = parseLocalTime(fromText, zone);
  const toMs = parseLocalTime(toText, zone);
  const isEmpty = fromMs !== undefined && toMs !== undefined && toMs <= fromMs;

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!isEmpty) apply({ from: rfc3339(fromMs), to: rfc3339(toMs) });
  };
  return (
    // What a browser says of a time without seconds is not about ours.
    <form onSubmit={submit} noValidate>
      <TextInput
        label={`From (${zoneName(fromMs ?? nowMs, zone)})`}
        type="datetime-local"
        step={1}
        size="sm"
        value={fromText}
        onChange={(event) => setFromText(event.currentTarget.value)}
      />
      <TextInput
        mt="xs"
        label={`To, not included (${zoneName(toMs ?? nowMs, zone)})`}
        type="datetime-local"
        step={1}
        size="sm"
        value={toText}
        onChange={(event) => setToText(event.currentTarget.value)}
        error={isEmpty ? "This is not later than the beginning" : undefined}
      />
      <Group justify="space-between" mt="sm" gap="sm" wrap="nowrap">
        <Text size="xs">Left empty, an end is open. The zone is chosen in the settings.</Text>
        <Button type="submit" size="xs" flex="none" disabled={isEmpty}>
          Apply
        </Button>
      </Group>
    </form>
  );
}

function rfc3339(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString().replace(".000Z", "Z");
}

function zoneName(ms: number, zone: string): string {
  const offset = zoneOffset(ms, zone);
  return offset === zone ? zone : `${zone}, ${offset}`;
}
