import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useStatus } from "../api/status.ts";
import { useAlarmTitle } from "./alarm-title.ts";

/** Alarms are seen from every page. Nothing is shown while there is none. */
export function AlarmBadge() {
  const { data } = useStatus();
  const count = data?.alarms.length ?? 0;
  useAlarmTitle(count);
  if (count === 0) return undefined;
  return (
    <Button
      component={Link}
      to="/health"
      size="compact-sm"
      color="red"
      leftSection={<IconAlertTriangle size={16} aria-hidden />}
    >
      {count} {count === 1 ? "alarm" : "alarms"}
    </Button>
  );
}
