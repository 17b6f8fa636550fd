import type { Conviction } from "@stele/server";
import { encodeBase64, VerificationError, type VerifiedCheckpoint } from "@stele/proof";
import { countOf } from "./count.ts";
import { printable } from "./printable.ts";
import type { Session } from "./session.ts";
import { KEY_FROM } from "./verified-report.ts";

/** Tells of what a log is convicted, and makes the error that `stele` ends with. */
export async function tellConviction(session: Session, conviction: Conviction): Promise<VerificationError> {
  const { place, origin, misbehaviour } = conviction;
  await (session.json ? session.printJson(convictionJson(conviction)) : printConviction(session, conviction));
  const { older, newer } = misbehaviour;
  return new VerificationError(
    "log_misbehaved",
    `The log ${origin} is proven to have misbehaved: it signed a tree of ${older.treeSize} entries and one of ${newer.treeSize} that does not begin with it`,
    { place },
  );
}

/** For programs. */
export function convictionJson({ place, origin, vkey, keyFrom, misbehaviour }: Conviction): object {
  const { older, newer, prefix } = misbehaviour;
  return {
    target: "misbehaviour",
    misbehaved: true,
    place,
    origin,
    vkey,
    key_from: keyFrom,
    older: headJson(older),
    newer: headJson(newer),
    prefix_root: encodeBase64(prefix.root),
  };
}

function headJson({ treeSize, root, note }: VerifiedCheckpoint): object {
  return {
    tree_size: treeSize,
    root: encodeBase64(root),
    signed_by: note.signatures.map(({ name }) => name),
  };
}

async function printConviction(session: Session, conviction: Conviction): Promise<void> {
  const { out } = session;
  const { place, origin, vkey, keyFrom, misbehaviour } = conviction;
  const { older, newer, prefix } = misbehaviour;
  await session.print(`${out.style("red", "✗ the log misbehaved")} ${out.style("bold", printable(place))}`);
  for (const [title, text, remark] of [
    ["origin", origin],
    ["key", vkey, KEY_FROM[keyFrom]],
    ["signed", `${countOf(older.treeSize, "entry")}, root ${encodeBase64(older.root)}`, signers(older)],
    ["and", `${countOf(newer.treeSize, "entry")}, root ${encodeBase64(newer.root)}`, signers(newer)],
    ["which has", `the root ${encodeBase64(prefix.root)} at ${countOf(older.treeSize, "entry")}`],
  ] as const) {
    await session.print(`  ${title.padEnd(9)} ${printable(text)}`);
    if (remark !== undefined) await session.print(`  ${"".padEnd(9)} ${out.style("dim", printable(remark))}`);
  }
}

/** Who else signed is not verified here: their keys are not at hand. */
function signers({ note, origin }: VerifiedCheckpoint): string | undefined {
  const others = note.signatures.map(({ name }) => name).filter((name) => name !== origin);
  return others.length === 0 ? undefined : `bears signatures of ${others.join(", ")}, which were not checked`;
}
