import { ActionIcon, Tooltip } from "@mantine/core";
import { IconAlertCircle, IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";

const SHOWN_MS = 1_500;

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, in a word or two: `the event's id`. */
  readonly what: string;
}

/** Copies a text as it is, and says whether that worked: browsers refuse it on pages without TLS. */
export function CopyButton({ text, what }: CopyButtonProps) {
  const [done, setDone] = useState<"copied" | "refused">();
  useEffect(() => {
    if (done === undefined) return undefined;
    const timer = setTimeout(() => setDone(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone("copied");
    } catch {
      // There is no clipboard here, or the person didn't allow it: they are told.
      setDone("refused");
    }
  };
  const label =
    done === "copied" ? "Copied" : done === "refused" ? "The browser refused to copy" : `Copy ${what}`;
  const Icon = done === "copied" ? IconCheck : done === "refused" ? IconAlertCircle : IconCopy;
  return (
    <Tooltip label={label} {...(done !== undefined && { opened: true })}>
      <ActionIcon variant="subtle" color="gray" size={24} aria-label={label} onClick={() => void copy()}>
        <Icon size={15} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
