import { Container, Title } from "@mantine/core";

export function HealthPage() {
  return (
    <Container py="md">
      <Title order={1} size="h3">
        Health
      </Title>
    </Container>
  );
}
