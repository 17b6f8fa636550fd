import { Button } from "@mantine/core";
import { useState } from "react";
import { Foreign } from "./foreign.tsx";
import { formatCount } from "./format-number.ts";

const CUT_LENGTH = 400;

/** Text of strangers of any length: the beginning, and the rest when it is asked for. */
export function LongText({ text }: { readonly text: string }) {
  const [isWhole, setWhole] = useState(false);
  if (text.length <= CUT_LENGTH) return <Foreign text={text} />;
  return (
    <>
      <Foreign text={text} {...(!isWhole && { lengthMax: CUT_LENGTH })} />{" "}
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
