import { Container, Title } from "@mantine/core";

export function LivePage() {
  return (
    <Container py="md">
      <Title order={1} size="h3">
        Live
      </Title>
    </Container>
  );
}
