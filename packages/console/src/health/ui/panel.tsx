import { Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./panel.module.css";

interface PanelProps {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** In a few words: what is in it. */
  readonly summary?: ReactNode;
  readonly children: ReactNode;
}

/** One part of the page, under a heading. */
export function Panel({ id, title, summary, children }: PanelProps) {
  return (
    <section aria-labelledby={id} className={classes["panel"]}>
      <header className={classes["head"]}>
        <Title order={2} size="h4" id={id}>
          {title}
        </Title>
        {summary !== undefined && <p className={classes["summary"]}>{summary}</p>}
      </header>
      {children}
    </section>
  );
}

/** What stands where something would be: what it would give, and how to have it. */
export function Nothing({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className={classes["nothing"]}>
      <p className={classes["nothingTitle"]}>{title}</p>
      <p className={classes["nothingText"]}>{children}</p>
    </div>
  );
}
