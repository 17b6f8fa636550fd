import { Container } from "@mantine/core";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { ErrorPanel } from "../ui/states.tsx";

/** What is left of a page that could not be shown. */
export function PageError({ error, reset }: ErrorComponentProps) {
  return (
    <Container py="xl">
      <ErrorPanel title="This page failed" error={error} retry={reset} />
    </Container>
  );
}
