import { ActionIcon, Drawer, Group } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconExternalLink, IconX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, type ReactNode } from "react";
import { formatCount } from "../../ui/format-number.ts";
import { LoadingRows } from "../../ui/states.tsx";
import classes from "./result-table.module.css";

const EventView = lazy(async () => ({ default: (await import("../../event/event-view.tsx")).EventView }));

interface EventPaneProps {
  readonly log: string;
  readonly event: number;
  /** Over everything, where there is no room beside the table. */
  readonly isOver: boolean;
  /** Undefined: there is none, or it isn't known which. */
  readonly onPrevious: (() => void) | undefined;
  readonly onNext: (() => void) | undefined;
  readonly onClose: () => void;
}

/** The event that is open: beside the table, or over it. Esc closes it. */
export function EventPane({ log, event, isOver, onPrevious, onNext, onClose }: EventPaneProps) {
  // Nothing has the focus where a link led here.
  useEffect(() => {
    if (isOver) return undefined;
    const onKeyDown = ({ key, defaultPrevented }: KeyboardEvent) => {
      if (key === "Escape" && !defaultPrevented && document.activeElement === document.body) onClose();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [isOver, onClose]);
  const head = (
    <Group gap={4} wrap="nowrap" className={classes["paneHead"]}>
      <h2 className={classes["paneTitle"]}>Event {formatCount(event)}</h2>
      <StepButton label="Previous result" onPress={onPrevious}>
        <IconArrowUp size={18} aria-hidden />
      </StepButton>
      <StepButton label="Next result" onPress={onNext}>
        <IconArrowDown size={18} aria-hidden />
      </StepButton>
      <Link to="/event/$log/$index" params={{ log, index: String(event) }} className={classes["own"] ?? ""}>
        <IconExternalLink size={16} aria-hidden />
        Own page
      </Link>
      <ActionIcon variant="subtle" color="gray" aria-label="Close the event" onClick={onClose}>
        <IconX size={18} aria-hidden />
      </ActionIcon>
    </Group>
  );
  const view = (
    <Suspense fallback={<LoadingRows rows={8} />}>
      <EventView log={log} index={event} />
    </Suspense>
  );
  if (isOver) {
    return (
      <Drawer.Root opened onClose={onClose} size="100%" position="right">
        <Drawer.Content aria-label={`Event ${event}`}>
          <Drawer.Body p="sm">
            {head}
            {view}
          </Drawer.Body>
        </Drawer.Content>
      </Drawer.Root>
    );
  }
  return (
    <section
      className={classes["pane"]}
      aria-label={`Event ${event}`}
      onKeyDown={({ key, defaultPrevented }) => key === "Escape" && !defaultPrevented && onClose()}
    >
      {head}
      {view}
    </section>
  );
}

interface StepButtonProps {
  readonly label: string;
  readonly onPress: (() => void) | undefined;
  readonly children: ReactNode;
}

function StepButton({ label, onPress, children }: StepButtonProps) {
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={label} disabled={!onPress} onClick={onPress}>
      {children}
    </ActionIcon>
  );
}
