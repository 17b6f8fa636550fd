import { MalformedError } from "@stele/proof";

const KEY = /^(?:[0-9A-Za-z][0-9A-Za-z._-]{0,200}\/){0,8}[0-9A-Za-z][0-9A-Za-z._-]{0,200}$/;

/** Whether every driver can have it as a key: names of plain characters, none beginning with a dot, split by slashes. */
export function isObjectKey(key: string): boolean {
  return KEY.test(key);
}

/** @throws MalformedError `object_key_malformed` */
export function assertObjectKey(key: string, place: string): void {
  if (!isObjectKey(key)) {
    throw new MalformedError("object_key_malformed", `${JSON.stringify(key)} can't be a key of ${place}`);
  }
}
