import { Button, Code, CopyButton, Text, Title } from "@mantine/core";
import { useLogName } from "../app/log-name.ts";
import { useSession } from "../app/session.ts";
import classes from "./first-run.module.css";

const EVENT = `{"action":"door.opened","actor":{"id":"ann"},"targets":[{"type":"door","id":"vault-2"}],"outcome":"success"}`;

/** What is shown of a log without entries: how to send the first event. */
export function FirstRun() {
  const log = useLogName();
  const { token } = useSession();
  const url = location.origin;
  // Whoever reads may not write, and what is shown may be copied anywhere: never the token of this page.
  const bearer = token === undefined ? "" : ` \\\n  -H "Authorization: Bearer $STELE_TOKEN"`;
  const curl = `curl '${url}/v1/logs/${log}/events' \\\n  -H 'Content-Type: application/json'${bearer} \\\n  -d '${EVENT}'`;
  const options = `--url '${url}'${log === "main" ? "" : ` --log ${log}`}`;
  return (
    <section className={classes["first"]} aria-labelledby="first-run">
      <Title order={2} size="h4" id="first-run">
        The log “{log}” has no entries yet
      </Title>
      <Text size="sm">
        Events show up here once they are sent. “action” and “actor” are all that an event needs.
        {token !== undefined && " Sending takes a token of the role writer, in STELE_TOKEN."}
      </Text>
      <Snippet title="With curl" text={curl} />
      <Snippet
        title="With stele, from a file with one event a line"
        text={`npx stele append ${options} events.ndjson`}
      />
      <Snippet title="Or look at simulated traffic, in a node of its own" text="npm run demo" />
    </section>
  );
}

function Snippet({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <div>
      <div className={classes["head"]}>
        <Text size="sm" fw={600}>
          {title}
        </Text>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button size="compact-xs" variant="default" onClick={copy} aria-label={`Copy: ${title}`}>
              {copied ? "Copied" : "Copy"}
            </Button>
          )}
        </CopyButton>
      </div>
      <Code block className={classes["code"] ?? ""} tabIndex={0} aria-label={title}>
        {text}
      </Code>
    </div>
  );
}
