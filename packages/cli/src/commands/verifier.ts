import type { AddCommand } from "../command.ts";
import type { Session } from "../session.ts";
import { writeWholeFile } from "../whole-file.ts";

export const addVerifier: AddCommand = (program, run) => {
  program
    .command("verifier")
    .summary("write the page that verifies evidence in a browser")
    .description(
      "Writes one HTML file that verifies evidence bundles and proofs in a browser, off line: for those who have no Stele. It needs nothing beside it, and makes no connection.",
    )
    .option("-o, --output <file>", "where to; - for the standard output", "verify.html")
    .action(run(writePage));
};

async function writePage(session: Session, { output }: { readonly output: string }): Promise<void> {
  const { verifierPage } = await import("@stele/server");
  const { html } = await verifierPage();
  await writeWholeFile(output, (write) => write(html));
  if (output === "-") return;
  if (session.json) await session.printJson({ file: output, bytes: Buffer.byteLength(html) });
  else await session.print(`${output} verifies evidence in any browser. Open it, and drop a file on it.`);
}
