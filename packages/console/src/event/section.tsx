import { Title } from "@mantine/core";
import { useId, type ReactNode } from "react";
import classes from "./event.module.css";

interface SectionProps {
  readonly title: string;
  readonly children: ReactNode;
  /** To be linked to. */
  readonly id?: string;
}

/** A part of an event, with its heading. */
export function Section({ title, children, id }: SectionProps) {
  const heading = useId();
  return (
    <section aria-labelledby={heading} className={classes["section"]} {...(id !== undefined && { id })}>
      <Title order={2} size="h5" id={heading} mb="xs">
        {title}
      </Title>
      {children}
    </section>
  );
}
