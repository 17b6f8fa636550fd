import type { Command } from "commander";

/** One option of a command that has many, or shares them: a flag, and a key of the config file if the command has one. */
export interface TableOption {
  /** As Commander takes it; the config file has the long name. */
  readonly flags: string;
  readonly description: string;
  readonly parse?: (text: string) => unknown;
  /** May be given more than once; a list in the config file. */
  readonly repeatable?: boolean;
  readonly fallback?: string | number;
  /** What it belongs to, in the help. */
  readonly heading?: string;
}

/** Adds options, without their defaults: those are told in the help. */
export function addTableOptions(command: Command, options: readonly TableOption[]): Command {
  for (const { flags, description, parse, repeatable, fallback, heading } of options) {
    const option = command.createOption(
      flags,
      fallback === undefined ? description : `${description} (${fallback})`,
    );
    if (repeatable)
      option.argParser((text: string, before: unknown) => [
        ...((before as string[] | undefined) ?? []),
        text,
      ]);
    else if (parse) option.argParser((text: string) => parse(text));
    if (heading !== undefined) option.helpGroup(heading);
    command.addOption(option);
  }
  return command;
}
