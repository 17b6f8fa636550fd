import type { NodeStatus } from "@stele/client";
import { Foreign } from "../../ui/foreign.tsx";
import { formatBytes, formatCount } from "../../ui/format-number.ts";
import { Panel } from "../ui/panel.tsx";
import { Verdict } from "../ui/verdict.tsx";
import classes from "../ui/facts.module.css";

type Store = NodeStatus["store"];

const LOCKS: ReadonlyMap<string, { readonly is: "good" | "warning"; readonly text: string }> = new Map([
  ["compliance", { is: "good", text: "compliance: nobody deletes a segment before its time" }],
  [
    "governance",
    { is: "good", text: "governance: only who may bypass it deletes a segment before its time" },
  ],
  [
    "none",
    {
      is: "warning",
      text: "none: the vault does not lock, which was accepted (--vault-lock none). Whoever has the rights can delete segments; mirrors and verification would tell of it",
    },
  ],
  [
    "unsupported",
    {
      is: "warning",
      text: "unsupported: a directory can't keep anybody from deleting. A mirror in an object store with Object Lock can",
    },
  ],
]);

/** Where everything is. */
export function StorePanel({ store }: { readonly store: Store }) {
  const lock = LOCKS.get(store.vaultLock);
  return (
    <Panel id="store" title="Store">
      <dl className={classes["list"]}>
        <dt>Place</dt>
        <dd className="mono">
          <Foreign text={store.place} />
        </dd>
        <dt>Kind</dt>
        <dd>{store.kind === "directory" ? "a directory of this machine" : "shared by its nodes"}</dd>
        <dt>Vault lock</dt>
        <dd>{lock ? <Verdict is={lock.is}>{lock.text}</Verdict> : <Foreign text={store.vaultLock} />}</dd>
        <dt>Remarks</dt>
        <dd>
          {store.remarks.length === 0 && "none"}
          {store.remarks.length > 0 && (
            <ul className={classes["remarks"]}>
              {store.remarks.map((remark) => (
                <li key={remark}>
                  <Verdict is="warning">
                    <Foreign text={remark} />
                  </Verdict>
                </li>
              ))}
            </ul>
          )}
        </dd>
        <dt>Cache of segments</dt>
        <dd>{store.cache ? cacheText(store.cache) : "none: segments are on this machine"}</dd>
      </dl>
    </Panel>
  );
}

function cacheText({ usedBytes, hits, misses, fetchedBytes }: NonNullable<Store["cache"]>): string {
  const asked = hits + misses;
  const share =
    asked === 0
      ? "nothing was asked of it yet"
      : `${Math.floor((hits / asked) * 100)} % of ${formatCount(asked)} parts were there`;
  return `${formatBytes(usedBytes)} on the disk; since the start ${share}, ${formatBytes(fetchedBytes)} were fetched`;
}
