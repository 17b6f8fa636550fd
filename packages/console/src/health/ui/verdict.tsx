import { IconAlertTriangle, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./verdict.module.css";

const ICONS = { good: IconCircleCheck, warning: IconAlertTriangle, bad: IconCircleX } as const;

interface VerdictProps {
  readonly is: keyof typeof ICONS;
  readonly children: ReactNode;
}

/** How something is: in words, with a sign and a colour. */
export function Verdict({ is, children }: VerdictProps) {
  const Icon = ICONS[is];
  return (
    <span className={classes["verdict"]} data-is={is}>
      <Icon size={16} aria-hidden />
      <span>{children}</span>
    </span>
  );
}
