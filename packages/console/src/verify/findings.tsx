import { Alert, List, Text } from "@mantine/core";
import { IconCircleCheck, IconShieldX } from "@tabler/icons-react";
import type { VerificationFinding } from "@stele/client";
import { Link } from "@tanstack/react-router";
import { useLogName } from "../app/log-name.ts";
import { Foreign } from "../ui/foreign.tsx";
import { formatCount } from "../ui/format-number.ts";
import { LongText } from "../ui/long-text.tsx";
import { Time } from "../ui/time.tsx";
import classes from "./verify.module.css";

interface FindingsProps {
  /** Of all; those beyond the first hundred are not listed. */
  readonly total: number;
  readonly findings: readonly VerificationFinding[];
}

/** What is stored, and is not what it should be. */
export function Findings({ total, findings }: FindingsProps) {
  if (total === 0) {
    return (
      <Alert mt="sm" color="teal" icon={<IconCircleCheck aria-hidden />} title="Nothing was found">
        What was read is what the log signed.
      </Alert>
    );
  }
  return (
    <Alert
      mt="sm"
      color="red"
      role="alert"
      icon={<IconShieldX aria-hidden />}
      title={`${formatCount(total)} ${total === 1 ? "finding" : "findings"}: what is stored is not what was signed`}
    >
      <List size="sm" spacing="xs">
        {findings.map((finding, i) => (
          // The same place may be wrong in several copies, or twice.
          <List.Item key={i}>
            <Finding finding={finding} />
          </List.Item>
        ))}
      </List>
      {total > findings.length && (
        <Text size="sm" mt="xs">
          And {formatCount(total - findings.length)} more.
        </Text>
      )}
    </Alert>
  );
}

function Finding({ finding }: { readonly finding: VerificationFinding }) {
  const { code, message, place, copy, firstIndex, lastIndex, foundAt } = finding;
  return (
    <>
      <LongText text={message} />
      <Text size="xs" mt={2}>
        <span className="mono">{code}</span> · <Foreign text={copy} /> · <Foreign text={place} /> ·{" "}
        <Time value={foundAt} seconds withZone />
        {firstIndex !== undefined && lastIndex !== undefined && (
          <Entries first={firstIndex} last={lastIndex} />
        )}
      </Text>
    </>
  );
}

function Entries({ first, last }: { readonly first: number; readonly last: number }) {
  const log = useLogName();
  const one = (index: number) => (
    <Link to="/event/$log/$index" params={{ log, index: String(index) }} className={classes["link"] ?? ""}>
      {formatCount(index)}
    </Link>
  );
  return first === last ? (
    <> · entry {one(first)}</>
  ) : (
    <>
      {" "}
      · entries {one(first)} to {one(last)}
    </>
  );
}
