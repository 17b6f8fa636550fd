import type { Command } from "commander";
import type { Session } from "./session.ts";

/** Adds one command to `stele`. `run` gives its action the session, and takes care of errors and the exit code. */
export type AddCommand = (program: Command, run: RunAction) => void;

export type RunAction = <Arguments extends readonly unknown[]>(
  action: (session: Session, ...parameters: Arguments) => Promise<void>,
) => (...parameters: Arguments) => Promise<void>;
