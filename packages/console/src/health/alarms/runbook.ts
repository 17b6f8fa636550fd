/** What to do about an alarm, by its code: docs/operate/alarms.md in short. */
const HINTS: ReadonlyMap<string, string> = new Map([
  [
    "verification_failed",
    "Don't change anything. Verify the log from another machine, compare it with mirrors and witnesses; then restore it, and acknowledge this.",
  ],
  [
    "verification_late",
    "A store or a mirror is out, or the node is too slow for what is stored: look at the store below, or give it more time (--verify-every).",
  ],
  [
    "times_implausible",
    "Look at the clocks of the nodes. If they were right, whoever has the key made entries up.",
  ],
  [
    "mirror_conflict",
    "Somebody changed one of the two stores, or two logs share a mirror. Nothing was overwritten. “stele reconcile” says which one the log signed; this is over once a comparison finds no difference.",
  ],
  [
    "log_not_opened",
    "The message says why. If it speaks of what does not verify, treat it as a failed verification: don't change anything.",
  ],
  [
    "log_unwritable",
    "Producers wait or go to other nodes. Mostly it is the store or the disk: look at both, and at the other nodes.",
  ],
  ["signer_failing", "Look at the key's file, secret or program."],
  ["log_not_in_step", "This node shows old data. Is it cut off from the store?"],
  [
    "index_failing",
    "Searches don't see what was committed since. Is there too little memory? A restart builds the index anew.",
  ],
  ["mirror_failing", "The message says why: the mirror's store, the network or the rights to it."],
  [
    "mirror_lagging",
    "If the primary were lost now, what the mirror lacks would be lost, too. Is the mirror slow, or out?",
  ],
  [
    "mirror_degraded",
    "Events are acknowledged without this mirror. It is over once the mirror has everything.",
  ],
  ["reconcile_failing", "It is tried again with the next period. Until then nobody compares the two stores."],
  ["witness_lagging", "Is the witness up? Writes go on; published checkpoints may get old."],
  ["witness_refuses", "Is the log among the logs of the witness, with this key?"],
  [
    "witness_conflict",
    "The log was rolled back or forked, or the witness is wrong: compare with a mirror and with other witnesses before anything is changed.",
  ],
  [
    "published_conflict",
    "The log was rolled back or replaced: don't publish it, and compare it with a mirror.",
  ],
  [
    "policy_refused",
    "Mend the policy file: the message has the line. The policy before goes on, but the node can't be started with this one.",
  ],
  ["policy_without_log", "Add the log's line to the policy file: “stele key show” prints its key."],
  ["tsa_failing", "The message says why. Writes go on, and the authority is asked again each minute."],
  ["source_gap", "Ask the source for what is missing (see Sources below). Sent late, it closes the gap."],
  [
    "source_silent",
    "Is the source up? “stele sources declare ID --heartbeat 0s” ends its declaration if it is gone for good.",
  ],
  ["notifier_failing", "The other notifiers tell of it. “stele alarms test” tries again."],
  [
    "alarms_damaged",
    "Look at the files in alarms/ of the node's data directory, and delete those that are damaged.",
  ],
  ["alarms_not_kept", "Is the disk full? Alarms are tried again."],
]);

/** In a sentence or two; undefined of a code that this page does not know. */
export function runbookHint(code: string): string | undefined {
  return HINTS.get(code);
}
