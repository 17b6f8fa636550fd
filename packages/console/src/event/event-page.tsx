import { Container } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { PageUnknown } from "../app/page-unknown.tsx";
import { EventView } from "./event-view.tsx";

/** An event at an address of its own. */
export function EventPage() {
  const { log, index } = useParams({ from: "/event/$log/$index" });
  if (!/^\d{1,15}$/.test(index)) return <PageUnknown />;
  return (
    <Container py="md">
      <EventView log={log} index={Number(index)} />
    </Container>
  );
}
