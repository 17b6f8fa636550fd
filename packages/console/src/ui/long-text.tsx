import { Button } from "@mantine/core";
import { useState } from "react";
import { Foreign, visible } from "./foreign.tsx";
import { formatCount } from "./format-number.ts";

/** Each invisible character of it is an element of its own, so it must not be long. */
const CUT_LENGTH = 400;

/** Text of strangers of any length: the beginning, and the rest when it is asked for. */
export function LongText({ text }: { readonly text: string }) {
  const [isWhole, setWhole] = useState(false);
  if (text.length <= CUT_LENGTH) return <Foreign text={text} />;
  // Not through the middle of a character.
  const head = text.slice(0, CUT_LENGTH).replace(/[\uD800-\uDBFF]$/, "");
  return (
    <>
      {isWhole ? <bdi>{visible(text)}</bdi> : <Foreign text={head} />}
      {!isWhole && "…"}{" "}
      <Button
        variant="default"
        size="compact-xs"
        onClick={() => setWhole(!isWhole)}
        aria-expanded={isWhole}
        miw={24}
        mih={24}
      >
        {isWhole ? "Show less" : `Show all ${formatCount(text.length)} characters`}
      </Button>
    </>
  );
}
