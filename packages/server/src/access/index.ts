export { parseExpiry } from "./expiry.ts";
export { createToken, revokeToken } from "./token-file.ts";
export type { NewToken } from "./token-file.ts";
export { readTokenFile } from "./tokens.ts";
export type { TokenRecord } from "./tokens.ts";
export { ROLES } from "./role.ts";
export type { Role } from "./role.ts";
