import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconAlertCircle, IconCheck, IconCopy, IconCopyX } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";
import { hiddenCount, visible } from "./foreign.tsx";
import { formatCount } from "./format-number.ts";

/** Long enough to be read. */
const SHOWN_MS = 1_500;
const SHOWN_MS_HIDDEN = 4_000;

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, in a word or two: `the event's id`. */
  readonly what: string;
  /** The page made the text: its line ends are its own. */
  readonly isOurs?: boolean;
}

/**
 * Copies a text, and says whether that worked: browsers refuse it on pages without TLS. What is copied is compared and searched for
 * elsewhere, so it is the text as it is. If characters are in it that can't be seen, which a terminal obeys and a reader misses,
 * that is said before and after, and the form that the page shows can be copied instead.
 */
export function CopyButton({ text, what, isOurs = false }: CopyButtonProps) {
  const hidden = useMemo(() => (isOurs ? 0 : hiddenCount(text)), [text, isOurs]);
  const { said, isRefused, copy } = useCopy();
  const [isOpen, setOpen] = useState(false);
  if (hidden === 0) {
    const label = said ?? `Copy ${what}`;
    return (
      <Tooltip label={label} {...(said !== undefined && { opened: true })}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={24}
          aria-label={label}
          onClick={() => void copy(text, "Copied", SHOWN_MS)}
        >
          <CopyIcon said={said} isRefused={isRefused} />
        </ActionIcon>
      </Tooltip>
    );
  }
  const count = `${formatCount(hidden)} ${hidden === 1 ? "character" : "characters"} that can’t be seen`;
  const label = said ?? `Copy ${what}, which has ${count}`;
  return (
    <Menu position="bottom-end" onChange={setOpen}>
      <Tooltip label={label} disabled={isOpen} {...(said !== undefined && { opened: true })}>
        <span>
          <Menu.Target>
            <ActionIcon variant="subtle" color="orange" size={24} aria-label={label}>
              <CopyIcon said={said} isRefused={isRefused} hasHidden />
            </ActionIcon>
          </Menu.Target>
        </span>
      </Tooltip>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void copy(text, `Copied, with ${count}`, SHOWN_MS_HIDDEN)}>
          As it is, with {count}
        </Menu.Item>
        <Menu.Item
          onClick={() =>
            void copy(visible(text), "Copied as it is shown: not the same text", SHOWN_MS_HIDDEN)
          }
        >
          As it is shown, with their numbers
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

interface CopyIconProps {
  readonly said: string | undefined;
  readonly isRefused: boolean;
  readonly hasHidden?: boolean;
}

function CopyIcon({ said, isRefused, hasHidden = false }: CopyIconProps) {
  const Icon = isRefused
    ? IconAlertCircle
    : said !== undefined
      ? IconCheck
      : hasHidden
        ? IconCopyX
        : IconCopy;
  return <Icon size={15} aria-hidden />;
}

function useCopy() {
  const [done, setDone] = useState<{ said: string; isRefused: boolean; forMs: number }>();
  useEffect(() => {
    if (done === undefined) return undefined;
    const timer = setTimeout(() => setDone(undefined), done.forMs);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async (text: string, said: string, forMs: number) => {
    try {
      await navigator.clipboard.writeText(text);
      setDone({ said, isRefused: false, forMs });
    } catch {
      // There is no clipboard here, or the person didn't allow it: they are told.
      setDone({ said: "The browser refused to copy", isRefused: true, forMs });
    }
  };
  return { said: done?.said, isRefused: done?.isRefused ?? false, copy };
}
