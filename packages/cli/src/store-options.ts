import type { Command } from "commander";

/** How commands that work on stores, without a node, reach them. Credentials come from where AWS tools look for them. */
export interface StoreFlags {
  readonly s3Endpoint?: readonly string[];
  readonly s3Region?: string;
}

export function addStoreOptions(command: Command): Command {
  return command
    .option(
      "--s3-endpoint <url,…>",
      "S3 gateways, for URLs that don't say it themselves (…?endpoint=); AWS unless told",
      (text: string) => text.split(","),
    )
    .option("--s3-region <region>", "the region of S3 buckets");
}

export function storeAccess({ s3Endpoint, s3Region }: StoreFlags): {
  readonly s3Endpoints?: readonly string[];
  readonly s3Region?: string;
} {
  return { ...(s3Endpoint && { s3Endpoints: s3Endpoint }), ...(s3Region !== undefined && { s3Region }) };
}
