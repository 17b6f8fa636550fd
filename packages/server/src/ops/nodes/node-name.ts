import { hostname } from "node:os";
import { MalformedError } from "@stele/proof";
import { NODE_NAME } from "./presence.ts";

/**
 * What people call a node: as they told, or what its machine is called.
 *
 * @throws MalformedError `option_invalid`
 */
export function nodeNameOf(told: string | undefined): string {
  if (told === undefined) return machineName(hostname());
  if (NODE_NAME.test(told)) return told;
  throw new MalformedError(
    "option_invalid",
    `${JSON.stringify(told.slice(0, 80))} can't name a node: use letters, digits, dots, - and _, at most 253 characters`,
  );
}

/** What can be a node's name of what the machine is called. */
function machineName(called: string): string {
  const name = called
    .replaceAll(/[^0-9A-Za-z._-]/g, "-")
    .replace(/^[^0-9A-Za-z]+/, "")
    .slice(0, 253);
  return name === "" ? "node" : name;
}
