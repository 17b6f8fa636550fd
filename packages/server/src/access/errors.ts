import { SteleError } from "@stele/proof";

/** The caller may not do this, or has not said who it is. */
export class AccessError extends SteleError {
  /** What would be needed, if a token would help. */
  readonly roleNeeded: string | undefined;

  constructor(code: AccessErrorCode, message: string, roleNeeded?: string) {
    super(code, message);
    this.roleNeeded = roleNeeded;
  }
}

/** Every code that `access/` throws, with its meaning. */
export const ACCESS_ERROR_CODES = {
  token_required: "The request has no access token, and the node requires one.",
  token_unknown: "The access token is not one that this node knows.",
  token_expired: "The access token was good for a time that is over.",
  role_insufficient: "The access token's role does not allow this.",
  host_not_allowed: "The Host header names something else than this machine, on a node that is open.",
  origin_not_allowed: "A page of another origin sent the request to a node that is open.",
  tokens_missing: "The node may not listen on this address without any access token.",
  token_name_malformed: "Not a name for a token.",
  token_name_taken: "There is a token of this name.",
  token_name_unknown: "There is no token of this name.",
  token_file_malformed: "The file of the access tokens is damaged.",
  token_file_busy: "Another process is writing the file of the access tokens.",
} as const satisfies Readonly<Record<string, string>>;

export type AccessErrorCode = keyof typeof ACCESS_ERROR_CODES;
