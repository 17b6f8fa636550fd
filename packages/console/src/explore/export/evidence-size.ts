import { MalformedError } from "@stele/proof";

/** An evidence bundle begins with its checkpoint: the origin, and then the tree size (docs/spec/evidence.md). */
const BEGINNING = /^\{"format":"stele\.evidence\/v1","checkpoint":"(?:[^"\\]|\\[^n])*\\n(0|[1-9]\d{0,15})\\n/;
const BEGINNING_LENGTH_BYTES_MAX = 4_096;

/**
 * The size of the tree that a bundle is about, to name it by. Nothing of it is verified.
 *
 * @throws MalformedError `evidence_malformed`
 */
export async function evidenceTreeSize(bundle: Blob): Promise<number> {
  const reader = bundle.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (text.length < BEGINNING_LENGTH_BYTES_MAX) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value.subarray(0, BEGINNING_LENGTH_BYTES_MAX), { stream: true });
    }
  } catch (cause) {
    throw new MalformedError("evidence_malformed", "What the node sent is broken as gzip", { cause });
  } finally {
    // What is left of it is not needed; if it is broken, that was told above.
    reader.cancel().catch(() => undefined);
  }
  const size = BEGINNING.exec(text)?.[1];
  if (size === undefined) {
    throw new MalformedError("evidence_malformed", "What the node sent is no evidence bundle");
  }
  return Number(size);
}
