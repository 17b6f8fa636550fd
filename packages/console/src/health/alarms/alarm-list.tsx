import { Title } from "@mantine/core";
import type { Alarm } from "@stele/client";
import { IconCircleCheck } from "@tabler/icons-react";
import { useMemo } from "react";
import { formatCount } from "../../ui/format-number.ts";
import { AlarmCard } from "./alarm-card.tsx";
import { byUrgency } from "./alarm-order.ts";
import classes from "./alarms.module.css";

/** The node's alarms, on top of everything; that there are none is said, too. */
export function AlarmList({ alarms }: { readonly alarms: readonly Alarm[] }) {
  const sorted = useMemo(() => alarms.toSorted(byUrgency), [alarms]);
  const critical = alarms.filter(({ severity }) => severity === "critical").length;
  return (
    <section
      aria-labelledby="alarms"
      className={alarms.length > 0 ? classes["alarms"] : undefined}
      data-critical={critical > 0 || undefined}
    >
      <Title order={2} size="h4" id="alarms" className={classes["heading"] ?? ""}>
        Alarms
      </Title>
      <p aria-live="polite" className={alarms.length > 0 ? classes["count"] : classes["none"]}>
        {alarms.length === 0 && <IconCircleCheck size={20} aria-hidden />}
        {countText(alarms.length, critical)}
      </p>
      {sorted.length > 0 && (
        <ul className={classes["list"]}>
          {sorted.map((alarm) => (
            <li key={alarm.id}>
              <AlarmCard alarm={alarm} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function countText(count: number, critical: number): string {
  if (count === 0) return "No alarms: nothing that a person has to know.";
  if (count === 1) return critical === 1 ? "One alarm, critical" : "One alarm, not critical";
  const all = `${formatCount(count)} alarms`;
  return critical === 0 ? `${all}, none of them critical` : `${all}, ${formatCount(critical)} critical`;
}
