import { expect, it } from "vitest";
import { openMirrors } from "../open-stores.ts";
import { openUnprobed, openMirror } from "./open-mirror.ts";

it.each([
  "nothing",
  "s3://bucket?vault=",
  "s3://bucket?vault=X",
  "s3://bucket?endpoint=here",
  "file:directory",
])("names the option or argument that %s was given with", async (url) => {
  const code = "store_url_invalid";
  const named = (name: string) => ({ code, message: expect.stringMatching(new RegExp(`^${name}[ ,]`)) });
  expect(() => openUnprobed(url, "--primary", {})).toThrow(expect.objectContaining(named("--primary")));
  await expect(openMirror(url, "MIRROR", {})).rejects.toMatchObject(named("MIRROR"));
  await expect(openMirrors({ urls: [url] }, {})).rejects.toMatchObject(named("--mirror"));
});
