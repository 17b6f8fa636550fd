import { MalformedError } from "@stele/proof";
import { FileStore } from "./file-store.ts";
import { S3Gateways } from "./s3/s3-gateways.ts";
import { S3Store, type BucketPart } from "./s3/s3-store.ts";
import { parseEndpoint, parseStoreUrl, type BucketPlace, type StoreUrl } from "./store-url.ts";
import type { Store } from "./store.ts";

export interface OpenStoreOptions {
  /** `s3://…` or `file://…` ({@link parseStoreUrl}). */
  readonly journal: string;
  /** The same; in the journal's place unless told. */
  readonly vault?: string;
  /** What the operator calls `journal`: `--mirror`, say. */
  readonly journalOption?: string;
  /** For URLs that don't say it themselves. */
  readonly s3: { readonly endpoints?: readonly string[]; readonly region?: string };
  /** How segments with a retention date are locked, and whether a vault that can't lock them is refused. */
  readonly lock: { readonly mode: "compliance" | "governance"; readonly required: boolean };
  /** For each call of the store. */
  readonly timeoutMs: number;
}

type S3Url = Extract<StoreUrl, { kind: "s3" }>;

/**
 * Opens a store; asks nothing of it yet ({@link Store.probe}).
 *
 * @throws MalformedError `store_url_invalid`: which option, which value, what was expected
 */
export function openStore(options: OpenStoreOptions): Store {
  const { timeoutMs, lock, journalOption = "--journal" } = options;
  const journal = parseStoreUrl(journalOption, options.journal);
  const vault = options.vault === undefined ? undefined : parseStoreUrl("--vault", options.vault);
  if (vault && vault.kind !== journal.kind) {
    throw new MalformedError(
      "store_url_invalid",
      `--vault ${vault.kind}://…: expected ${journal.kind}://…, as ${journalOption} is`,
    );
  }
  if (journal.kind === "file") {
    const directory = vault?.kind === "file" ? vault.directory : journal.directory;
    return new FileStore({ journal: journal.directory, vault: directory, timeoutMs });
  }
  const part = partOf(journal, options);
  return new S3Store({
    journal: part,
    vault: vault?.kind === "s3" ? vaultPart(vault, journal, part, options) : { ...part, ...journal.vault },
    lock,
  });
}

function vaultPart(
  vault: S3Url,
  journal: S3Url,
  { gateways }: BucketPart,
  options: OpenStoreOptions,
): BucketPart {
  if (journal.vault || vault.vault) {
    throw new MalformedError(
      "store_url_invalid",
      "--vault: the parameter vault of a URL says where the vault is; give one of both",
    );
  }
  const own = vault.endpoints ?? vault.region ?? vault.profile;
  return own === undefined ? { ...placeOf(vault), gateways } : partOf({ ...journal, ...vault }, options);
}

function partOf(url: S3Url, { s3, timeoutMs }: OpenStoreOptions): BucketPart {
  const endpoints = url.endpoints ?? s3.endpoints?.map((text) => parseEndpoint("--s3-endpoint", text)) ?? [];
  const region = url.region ?? s3.region;
  const gateways = S3Gateways.open({
    endpoints,
    timeoutMs,
    ...(region !== undefined && { region }),
    ...(url.profile !== undefined && { profile: url.profile }),
  });
  return { ...placeOf(url), gateways };
}

function placeOf({ bucket, prefix }: BucketPlace): BucketPlace {
  return { bucket, prefix };
}
