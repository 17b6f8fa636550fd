import { Container, Stack, Title } from "@mantine/core";
import { useLogName } from "../app/log-name.ts";
import { usePageTitle } from "../app/page-title.ts";
import { BrowserCheck } from "./browser-check.tsx";
import { FileCheck } from "./file-check.tsx";
import { NodeVerification } from "./node-verification.tsx";

/** Checking: by the node, by this browser, and of files. */
export function VerifyPage() {
  usePageTitle("Verify", useLogName());
  return (
    <Container size="lg" py="md">
      <Title order={1} size="h3" mb="md">
        Verify
      </Title>
      <Stack gap="xl">
        <NodeVerification />
        <BrowserCheck />
        <FileCheck />
      </Stack>
    </Container>
  );
}
