import type { Party } from "@stele/client";
import { cut, NAME_CHARACTERS_MAX, serviceOf } from "./cloudtrail-words.ts";
import { fieldOf, textOf, type JsonObject } from "./json-object.ts";

/** How each `userIdentity.type` of CloudTrail is called as the type of an actor. */
const ACTOR_TYPES: ReadonlyMap<string, string> = new Map([
  ["IAMUser", "user"],
  ["Root", "root"],
  ["AssumedRole", "role_session"],
  ["FederatedUser", "federated_user"],
  ["Role", "role"],
  ["AWSAccount", "account"],
  ["AWSService", "service"],
  ["IdentityCenterUser", "user"],
  ["SAMLUser", "saml_user"],
  ["WebIdentityUser", "web_identity_user"],
  ["Directory", "directory_user"],
  ["Unknown", "unknown"],
] as const);

/** Who did it, and for whom: a role's session acts on behalf of the role. */
export function actorOf(record: JsonObject): { actor: Party; on_behalf_of?: Party } {
  const identity = fieldOf(record, "userIdentity");
  const issuer = issuerOf(identity);
  return { actor: whoIs(identity, record), ...(issuer && { on_behalf_of: issuer }) };
}

function whoIs(identity: JsonObject, record: JsonObject): Party {
  const type = textOf(identity, "type");
  const arn = textOf(identity, "arn");
  const principal = textOf(identity, "principalId");
  const account = textOf(identity, "accountId");
  const accessKey = textOf(identity, "accessKeyId");
  const invokedBy = textOf(identity, "invokedBy");
  const userName = textOf(identity, "userName");
  const free = {
    ...(account !== undefined && { account_id: account }),
    ...(accessKey !== undefined && { access_key_id: accessKey }),
    ...(invokedBy !== undefined && { invoked_by: invokedBy }),
  };
  const id = arn ?? principal ?? userName;
  if (id === undefined) {
    const service = invokedBy ?? textOf(record, "sourceIPAddress") ?? serviceOf(record);
    return { type: "service", id: shorten(service), ...free };
  }
  const name = userName ?? sessionName(type, arn, principal);
  return {
    type: typeOf(identity),
    id: shorten(id),
    ...(name !== undefined && { name: shorten(name) }),
    ...free,
  };
}

function typeOf(identity: JsonObject): string {
  return ACTOR_TYPES.get(textOf(identity, "type") ?? "") ?? "unknown";
}

/** `AROA…:session` or `…:assumed-role/role/session`. */
function sessionName(type: string | undefined, arn: string | undefined, principal: string | undefined) {
  if (type === "Root") return "root";
  return principal?.split(":")[1] ?? arn?.split("/").at(-1);
}

function issuerOf(identity: JsonObject): Party | undefined {
  const issuer = fieldOf(fieldOf(identity, "sessionContext"), "sessionIssuer");
  const id = textOf(issuer, "arn") ?? textOf(issuer, "principalId");
  if (id === undefined) return undefined;
  const name = textOf(issuer, "userName");
  return {
    type: typeOf(issuer),
    id: shorten(id),
    ...(name !== undefined && { name: shorten(name) }),
  };
}

function shorten(text: string): string {
  return cut(text, NAME_CHARACTERS_MAX);
}
