import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useStatus } from "../api/status.ts";
import { useLogSearch } from "./log-name.ts";
import { useAlarmTitle } from "./page-title.ts";

/** Alarms are seen from every page. Nothing is shown while there is none. */
export function AlarmBadge() {
  const { data } = useStatus();
  const count = data?.alarms.length ?? 0;
  const search = useLogSearch();
  useAlarmTitle(count);
  if (count === 0) return undefined;
  return (
    <Button
      renderRoot={(props) => <Link to="/health" search={search} {...props} />}
      size="compact-sm"
      color="red"
      leftSection={<IconAlertTriangle size={16} aria-hidden />}
    >
      {count} {count === 1 ? "alarm" : "alarms"}
    </Button>
  );
}
