import { Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconCircleMinus, IconCircleX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { LongText } from "../ui/long-text.tsx";
import type { Step } from "./proof-report.ts";
import { STEP_TITLES } from "./step-titles.ts";
import classes from "./proof.module.css";

const STATES = {
  passed: { word: "Right", Icon: IconCircleCheck },
  remark: { word: "Attention", Icon: IconAlertTriangle },
  failed: { word: "WRONG", Icon: IconCircleX },
  skipped: { word: "Not checked", Icon: IconCircleMinus },
} as const;

interface StepItemProps {
  readonly step: Step;
  readonly children: ReactNode;
}

/** One step: what it is, how it went, what was computed. */
export function StepItem({ step, children }: StepItemProps) {
  const { name, state, text, code, expected, actual } = step;
  const { word, Icon } = STATES[state];
  return (
    <li className={classes["step"]} data-step={name} data-state={state}>
      <div className={classes["stepHead"]}>
        <Icon size={18} aria-hidden className={classes["stepIcon"]} />
        <Text component="h3" size="sm" fw={600} className={classes["stepTitle"]}>
          {STEP_TITLES[name]}
        </Text>
        <Text component="span" size="xs" fw={600} className={classes["stepWord"]}>
          {word}
        </Text>
      </div>
      <div className={classes["stepText"]}>
        <LongText text={text} />
        {code !== undefined && <span className="mono"> ({code})</span>}
      </div>
      {expected !== undefined && actual !== undefined && (
        <dl className={`${classes["values"]} mono`}>
          <dt>expected</dt>
          <dd>
            <LongText text={expected} />
          </dd>
          <dt>found</dt>
          <dd>
            <LongText text={actual} />
          </dd>
        </dl>
      )}
      {children}
    </li>
  );
}
