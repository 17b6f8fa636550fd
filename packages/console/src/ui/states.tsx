import { Alert, Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { SteleError } from "@stele/proof";
import { IconAlertCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { visible } from "./foreign.tsx";

interface ErrorPanelProps {
  /** What failed, in a few words. */
  readonly title: string;
  readonly error: unknown;
  readonly retry?: () => void;
}

/** Says what happened, in the words of the error and with its code, and offers to try again. */
export function ErrorPanel({ title, error, retry }: ErrorPanelProps) {
  const message = error instanceof Error ? error.message : String(error);
  return (
    <Alert color="red" title={title} icon={<IconAlertCircle aria-hidden />} role="alert">
      <Text size="sm">{visible(message)}</Text>
      <Group mt="xs" gap="sm">
        {error instanceof SteleError && (
          <Text size="xs" className="mono">
            {visible(error.code)}
          </Text>
        )}
        {retry && (
          <Button size="compact-sm" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  );
}

/** Where something would be if there were any. */
export function EmptyState({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <Stack align="center" gap={4} py="xl" px="md">
      <Text fw={600}>{title}</Text>
      {children !== undefined && (
        <Text size="sm" ta="center" component="div">
          {children}
        </Text>
      )}
    </Stack>
  );
}

/** Holds the place of `rows` lines that are on their way. */
export function LoadingRows({ rows, height = 28 }: { readonly rows: number; readonly height?: number }) {
  return (
    <Stack gap={6} role="status" aria-busy aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => (
        <Skeleton key={i} height={height} />
      ))}
    </Stack>
  );
}
