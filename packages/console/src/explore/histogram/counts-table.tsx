import { VisuallyHidden } from "@mantine/core";
import { memo } from "react";
import { visibleBeginning } from "../../ui/foreign.tsx";
import { formatCount } from "../../ui/format-number.ts";
import { spanText } from "./bar-text.ts";
import { countOfLayer } from "./bar-text.ts";
import { layerLabel, type Layer } from "./stack.ts";
import type { SnapshotCounts } from "./use-counts.ts";

interface CountsTableProps {
  readonly counts: SnapshotCounts;
  readonly layers: readonly Layer[];
  readonly zone: string;
}

/** The histogram for those who can't see it; bars without a hit are left out. */
export const CountsTable = memo(function CountsTable({ counts, layers, zone }: CountsTableProps) {
  const isSplit = layers.length > 1;
  return (
    <VisuallyHidden>
      <table>
        <caption>Events over time</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Events</th>
            {isSplit &&
              layers.map((layer) => (
                <th key={layer.value} scope="col">
                  {visibleBeginning(layerLabel(layer), 200)}
                </th>
              ))}
          </tr>
        </thead>
        <tbody>
          {counts.buckets.map(({ startMs, count }, i) =>
            count === 0 ? undefined : (
              <tr key={startMs}>
                <th scope="row">{spanText(startMs, startMs + counts.intervalMs, zone)}</th>
                <td>{formatCount(count)}</td>
                {isSplit &&
                  layers.map((layer) => (
                    <td key={layer.value}>{formatCount(countOfLayer(layers, layer, i))}</td>
                  ))}
              </tr>
            ),
          )}
        </tbody>
      </table>
    </VisuallyHidden>
  );
});
