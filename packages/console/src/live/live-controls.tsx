import { Button, CloseButton, Group, Text } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { formatCount } from "../ui/format-number.ts";
import type { LiveFeed, LiveView } from "./live-feed.ts";
import classes from "./live.module.css";

interface LiveControlsProps {
  readonly feed: LiveFeed;
  readonly view: LiveView;
  readonly from: number | undefined;
  /** Undefined: with what comes from now on. */
  readonly begin: (index: number | undefined) => void;
}

/** Pause, clear, and where the list begins. */
export function LiveControls({ feed, view, from, begin }: LiveControlsProps) {
  const { held, rows } = view;
  return (
    <Group gap="xs" wrap="nowrap" className={classes["controls"]}>
      <Button
        variant={held ? "filled" : "default"}
        className={classes["pause"]}
        aria-keyshortcuts="Space"
        leftSection={
          held ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />
        }
        onClick={() => (held ? feed.release() : feed.hold())}
      >
        {held ? "Resume" : "Pause"}
      </Button>
      <Button variant="default" disabled={rows.length === 0} onClick={() => feed.clear()}>
        Clear
      </Button>
      {from !== undefined && (
        <Group gap={2} wrap="nowrap" className={classes["from"]}>
          <Text size="sm" className="tabular">
            from #{formatCount(from)}
          </Text>
          <CloseButton size="sm" aria-label="Begin with what comes now" onClick={() => begin(undefined)} />
        </Group>
      )}
    </Group>
  );
}
