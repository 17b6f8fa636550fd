import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconChevronDown, IconRefresh } from "@tabler/icons-react";
import { useEffect, useState } from "react";

const PERIODS = [
  { seconds: 0, label: "Off" },
  { seconds: 10, label: "10 s" },
  { seconds: 60, label: "60 s" },
] as const;

/** Looks at the log anew: now, or every few seconds if that was chosen and the page is seen. */
export function Refresh({ refresh }: { readonly refresh: () => void }) {
  const [seconds, setSeconds] = useState(0);

  useEffect(() => {
    if (seconds === 0) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") refresh();
    }, seconds * 1_000);
    return () => clearInterval(timer);
  }, [seconds, refresh]);

  return (
    <Button.Group>
      <ActionIcon variant="default" size={36} aria-label="Refresh" title="Refresh" onClick={refresh}>
        <IconRefresh size={16} aria-hidden />
      </ActionIcon>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            variant="default"
            px={6}
            rightSection={<IconChevronDown size={14} aria-hidden />}
            aria-label={seconds === 0 ? "Automatic refresh: off" : `Automatic refresh: every ${seconds} s`}
          >
            {seconds === 0 ? "" : `${seconds} s`}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Automatic refresh</Menu.Label>
          {PERIODS.map((period) => (
            <Menu.RadioItem
              key={period.seconds}
              value={period.label}
              checked={seconds === period.seconds}
              onChange={() => setSeconds(period.seconds)}
              closeMenuOnClick
            >
              {period.label}
            </Menu.RadioItem>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Button.Group>
  );
}
