import { Container, Title } from "@mantine/core";

export function VerifyPage() {
  return (
    <Container py="md">
      <Title order={1} size="h3">
        Verify
      </Title>
    </Container>
  );
}
