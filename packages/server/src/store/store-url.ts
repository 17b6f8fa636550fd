import { isAbsolute, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { MalformedError } from "@stele/proof";

const BUCKET = /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i;
const PREFIX = /^(?:[0-9A-Za-z][0-9A-Za-z._=-]*\/)*$/;
const PARAMETERS = new Set(["endpoint", "region", "profile", "vault"]);
const GRAMMAR = "s3://bucket/prefix?endpoint=URL[,URL]&region=…&profile=…, or file:///absolute/directory";
const CREDENTIALS =
  "credentials don't belong into URLs: give them as AWS does (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile)";

/** A place in a bucket. */
export interface BucketPlace {
  readonly bucket: string;
  /** Empty, or ending in a slash. */
  readonly prefix: string;
}

/** Where a store is, as a URL tells it. */
export type StoreUrl =
  | { readonly kind: "file"; readonly directory: string }
  | (BucketPlace & {
      readonly kind: "s3";
      readonly endpoints?: readonly URL[];
      readonly region?: string;
      readonly profile?: string;
      /** The vault's place, if it is another one of the same endpoints. */
      readonly vault?: BucketPlace;
    });

/**
 * Reads the URL of a store: `s3://bucket/prefix?endpoint=URL[,URL]&region=…&profile=…&vault=bucket/prefix` or
 * `file:///absolute/directory`.
 *
 * @param option what the operator calls it, for the message
 * @throws MalformedError `store_url_invalid`; the message has the value without what could be secret
 */
export function parseStoreUrl(option: string, text: string): StoreUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) throw invalid(option, text.replace(/\/\/.*@|\?.*/s, "…"), `expected ${GRAMMAR}`);
  const shown = `${url.protocol}//${url.host}${url.pathname}`;
  if (url.username !== "" || url.password !== "") throw invalid(option, shown, CREDENTIALS);
  if (url.hash !== "") throw invalid(option, shown, `nothing may follow a "#"; expected ${GRAMMAR}`);
  // Without slashes it is a path, not a place.
  if (!text.includes("://")) throw invalid(option, shown, `expected ${GRAMMAR}`);
  if (url.protocol === "file:") return parseFile(option, url, shown);
  if (url.protocol === "s3:") return parseS3(option, url, shown);
  throw invalid(option, shown, `expected ${GRAMMAR}`);
}

/** @throws MalformedError `store_url_invalid` */
export function parseEndpoint(option: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const shown = url ? `${url.protocol}//${url.host}${url.pathname}` : text.replace(/\/\/.*@|\?.*/s, "…");
  if (url && (url.username !== "" || url.password !== "")) throw invalid(option, shown, CREDENTIALS);
  const plain = url && url.search === "" && url.hash === "" && url.pathname === "/";
  if (!plain || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw invalid(option, shown, "expected http://host:port or https://host:port");
  }
  return url;
}

function parseFile(option: string, url: URL, shown: string): StoreUrl {
  if (url.host !== "" || url.search !== "")
    throw invalid(option, shown, "expected file:///absolute/directory");
  let directory: string;
  try {
    directory = fileURLToPath(url);
  } catch (cause) {
    throw invalid(option, shown, "expected file:///absolute/directory", cause);
  }
  if (!isAbsolute(directory) || directory.includes("\0")) {
    throw invalid(option, shown, "expected file:///absolute/directory");
  }
  return { kind: "file", directory: normalize(directory).replace(/(?<=.)\/$/, "") };
}

function parseS3(option: string, url: URL, shown: string): StoreUrl {
  const parameters = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (!PARAMETERS.has(name)) {
      // The value may be a secret.
      throw invalid(option, shown, `it has no parameter ${name}; there are ${[...PARAMETERS].join(", ")}`);
    }
    if (value === "") throw invalid(option, shown, `its parameter ${name} is empty`);
    if (parameters.has(name)) throw invalid(option, shown, `its parameter ${name} is there twice`);
    parameters.set(name, value);
  }
  if (url.port !== "") throw invalid(option, shown, "a bucket has no port: say endpoint=http://host:port");
  const endpoints = parameters
    .get("endpoint")
    ?.split(",")
    .map((text) => parseEndpoint(`${option}, parameter endpoint`, text));
  const region = parameters.get("region");
  const profile = parameters.get("profile");
  const vault = parameters.get("vault");
  return {
    kind: "s3",
    ...parsePlace(option, `${url.host}${url.pathname}`, shown),
    ...(endpoints && { endpoints }),
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(vault !== undefined && { vault: parsePlace(`${option}, parameter vault`, vault, vault) }),
  };
}

/** `bucket/prefix` */
function parsePlace(option: string, text: string, shown: string): BucketPlace {
  const [bucket = "", ...rest] = text.split("/");
  if (!BUCKET.test(bucket)) throw invalid(option, shown, `${JSON.stringify(bucket)} can't be a bucket`);
  const path = rest.join("/").replace(/\/$/, "");
  const prefix = path === "" ? "" : `${path}/`;
  if (!PREFIX.test(prefix)) {
    throw invalid(
      option,
      shown,
      `${JSON.stringify(path)} can't be a prefix: letters, digits and . _ = - between slashes`,
    );
  }
  return { bucket, prefix };
}

function invalid(option: string, shown: string, expected: string, cause?: unknown): MalformedError {
  return new MalformedError("store_url_invalid", `${option} ${JSON.stringify(shown)}: ${expected}`, {
    cause,
  });
}
