import { MalformedError } from "@stele/proof";
import { failureView, resultView } from "./result-view.ts";
import { parseTrust } from "./trust.ts";
import { FILE_LENGTH_BYTES_MAX } from "./unpack.ts";
import { verifyFile } from "./verify-file.ts";

/**
 * Verifies a file of any kind that `verifyFile` knows, and shows what came of it. Never fails: what is wrong is shown.
 * The time that it took is in `dataset.ms`.
 *
 * @param trusted what whoever looks trusts, as typed in: nothing, a vkey, or a policy
 */
export async function checkFile(file: File, trusted: string): Promise<HTMLElement> {
  try {
    const trust = parseTrust(trusted);
    if (file.size > FILE_LENGTH_BYTES_MAX) {
      throw new MalformedError("file_too_long", `The file is longer than ${FILE_LENGTH_BYTES_MAX} bytes`);
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    const started = performance.now();
    const verified = await verifyFile(bytes, trust);
    const view = resultView(file.name, verified);
    view.dataset["ms"] = String(Math.round(performance.now() - started));
    return view;
  } catch (error) {
    return failureView(file.name, error);
  }
}
