import { Container, Title } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { LOG_FORM } from "../app/log-form.ts";
import { usePageTitle } from "../app/page-title.ts";
import { PageUnknown } from "../app/page-unknown.tsx";
import { formatCount } from "../ui/format-number.ts";
import { EventView } from "./event-view.tsx";

/** An event at an address of its own. */
export function EventPage() {
  const { log, index } = useParams({ from: "/event/$log/$index" });
  if (!/^\d{1,15}$/.test(index) || !LOG_FORM.test(log)) return <PageUnknown />;
  return <Page log={log} index={Number(index)} />;
}

function Page({ log, index }: { readonly log: string; readonly index: number }) {
  usePageTitle(`Event ${formatCount(index)}`, log);
  return (
    <Container py="md" size="xl">
      <Title order={1} size="h3" mb="sm">
        Event {formatCount(index)} of {log}
      </Title>
      <EventView log={log} index={index} />
    </Container>
  );
}
