import { Stack, Text } from "@mantine/core";
import type { Entry } from "@stele/client";
import { useMemo } from "react";
import { freeData } from "./field-rows.ts";
import { JsonTree } from "./json-tree.tsx";
import { Section } from "./section.tsx";

const PARTS_MAX = 20;

/** What a producer put in besides the fields that all events can have. */
export function FreeData({ entry }: { readonly entry: Entry }) {
  const parts = useMemo(() => freeData(entry), [entry]);
  if (parts.length === 0) return undefined;
  return (
    <Section title="Metadata">
      <Stack gap="sm">
        {parts.slice(0, PARTS_MAX).map(({ label, value }) => (
          <div key={label}>
            {label !== "Metadata" && (
              <Text size="sm" fw={600}>
                {label}
              </Text>
            )}
            <JsonTree value={value} isMetadata={label === "Metadata"} />
          </div>
        ))}
        {parts.length > PARTS_MAX && (
          <Text size="sm">
            {parts.length - PARTS_MAX} more targets have data of their own: see the raw bytes.
          </Text>
        )}
      </Stack>
    </Section>
  );
}
