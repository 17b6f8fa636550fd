import { MalformedError } from "@stele/proof";
import { CommandKeys } from "./command-keys.ts";
import type { KeySource } from "./key-source.ts";
import { LogSecret } from "./log-secret.ts";
import { SecretKeys } from "./secret-keys.ts";

const COMMAND = "exec:";
const VARIABLE = "env:";

/**
 * Opens what an operator names with `--key`: a file that `stele key new` made, `env:<variable>` with the content of such a
 * file, or `exec:<command>`. A variable is taken out of the environment, so that nothing started later inherits it.
 *
 * @throws MalformedError `secret_malformed`, `secret_missing`, `key_exposed`, `option_invalid`
 */
export async function openKeySource(
  name: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<KeySource> {
  if (name.startsWith(COMMAND)) {
    const command = name.slice(COMMAND.length);
    if (command.trim() === "") throw new MalformedError("option_invalid", "--key exec: lacks the command");
    return new CommandKeys({ command });
  }
  if (!name.startsWith(VARIABLE)) return new SecretKeys(await LogSecret.read(name), name);
  const variable = name.slice(VARIABLE.length);
  const text = environment[variable];
  if (text === undefined) {
    throw new MalformedError("secret_missing", `--key ${name}: there is no ${variable} in the environment`);
  }
  delete environment[variable];
  return new SecretKeys(LogSecret.parse(text, name), name);
}
