import { decodeUtf8, formatPolicy, parseVerifierKey } from "@stele/proof";
import type { AuditLog } from "../log/audit-log.ts";

/**
 * The policy that the log's checkpoints are published by, as others are told of it: the text of a C2SP tlog-policy of this log alone, without
 * the addresses of witnesses. Where nobody's cosignatures are asked for it has no quorum.
 */
export function statedPolicy(log: Pick<AuditLog, "policy" | "vkey">): string {
  const { witnesses = [], groups = [], quorum } = log.policy() ?? {};
  const policy = formatPolicy({
    logs: [{ key: parseVerifierKey(log.vkey) }],
    witnesses: witnesses.map(({ name, key }) => ({ name, key })),
    groups,
    ...(quorum !== undefined && { quorum }),
  });
  return decodeUtf8(policy);
}
