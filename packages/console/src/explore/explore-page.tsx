import { Container, Title } from "@mantine/core";

export function ExplorePage() {
  return (
    <Container py="md">
      <Title order={1} size="h3">
        Explore
      </Title>
    </Container>
  );
}
