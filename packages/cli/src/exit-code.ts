/** What a run of `stele` answers to the program that started it. docs/operate/cli.md has the same table. */
export const EXIT_CODE = {
  /** What was asked for is done. */
  done: 0,
  /** It could not be done: no node, a refusal, a broken file. */
  failed: 1,
  /** The command line itself is wrong; nothing was tried. */
  usage: 2,
  /** Something that was checked is not true: the log, a proof, a signature. Keep the evidence. */
  verificationFailed: 3,
} as const;

export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE];
