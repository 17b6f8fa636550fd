import { Button } from "@mantine/core";
import { useState } from "react";
import { Foreign } from "../ui/foreign.tsx";
import { Time } from "../ui/time.tsx";
import type { Cosigner } from "./proof-report.ts";
import classes from "./proof.module.css";

const WORDS = {
  valid: "valid",
  invalid: "WRONG: not of this checkpoint",
  unknown: "unknown witness: not checked",
} as const;

const SHOWN = 8;

/** Each cosignature: whose, when, and whether it is right. */
export function CosignerList({ cosigners }: { readonly cosigners: readonly Cosigner[] }) {
  const [isWhole, setWhole] = useState(false);
  return (
    <>
      <ul className={classes["cosigners"]}>
        {(isWhole ? cosigners : cosigners.slice(0, SHOWN)).map((cosigner, i) => (
          // One witness may have cosigned twice.
          <li key={i} data-cosigner={cosigner.state}>
            <strong>
              <Foreign text={cosigner.name} />
            </strong>{" "}
            <span className="mono">{cosigner.keyId}</span>: {WORDS[cosigner.state]}
            {cosigner.timestampSeconds !== undefined && (
              <>
                {", at "}
                <Time value={isoTime(cosigner.timestampSeconds)} seconds withZone />
              </>
            )}
          </li>
        ))}
      </ul>
      {cosigners.length > SHOWN && !isWhole && (
        <Button size="compact-sm" variant="default" onClick={() => setWhole(true)}>
          Show all {cosigners.length}
        </Button>
      )}
    </>
  );
}

/** What a witness calls a time may be beyond what a date can be. */
function isoTime(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return Number.isNaN(date.getTime()) ? `${seconds} s` : date.toISOString();
}
