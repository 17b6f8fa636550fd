import { Anchor, Container, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { usePageTitle } from "./page-title.ts";

export function PageUnknown() {
  usePageTitle("No such page");
  return (
    <Container py="xl">
      <Title order={1} size="h2">
        There is no such page
      </Title>
      <Text mt="sm">
        The address leads nowhere.{" "}
        <Anchor component={Link} to="/">
          Explore the log
        </Anchor>{" "}
        instead.
      </Text>
    </Container>
  );
}
